"""Asks a server for a vault's objects with Microsoft's own client, and for tokens with its own credentials; prints JSON.

It reads the question from standard input: {"vault", "authority", "ca", "tenant", "client", "secret", "certificate",
"assertion", "names"}. What it prints is what the client made of the answers: values, names, marks, and the names of its
errors.
"""

import base64
import json
import logging
import sys

from azure.core.exceptions import AzureError, HttpResponseError
from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential
from azure.keyvault.certificates import CertificateClient
from azure.keyvault.keys import KeyClient
from azure.keyvault.secrets import SecretClient

logging.disable(logging.CRITICAL)


def attempt(call):
    try:
        return call()
    except HttpResponseError as error:
        return f"error {error.status_code} {error.error.code if error.error else ''}"
    except AzureError as error:
        return f"error {type(error).__name__}"


def told(properties):
    return {
        "name": properties.name,
        "enabled": properties.enabled,
        "updated": int(properties.updated_on.timestamp()),
        "tags": properties.tags or {},
    }


def jwk(key):
    def text(number):
        return base64.urlsafe_b64encode(number).rstrip(b"=").decode()

    members = {"kid": key.id, "kty": getattr(key.key_type, "value", key.key_type), "key_ops": list(key.key_operations)}
    return {**members, "n": text(key.key.n), "e": text(key.key.e)}


def read(asked, credential):
    # The host is localhost, which is no vault's name.
    options = {"connection_verify": asked["ca"], "verify_challenge_resource": False, "retry_total": 0}
    secrets = SecretClient(asked["vault"], credential, **options)
    certificates = CertificateClient(asked["vault"], credential, **options)
    keys = KeyClient(asked["vault"], credential, **options)
    return {
        "secrets": {name: attempt(lambda: secrets.get_secret(name).value) for name in asked["names"]},
        "versions": {name: attempt(lambda: secrets.get_secret(name, version).value) for name, version in asked["versions"].items()},
        "listed": attempt(lambda: [told(one) for one in secrets.list_properties_of_secrets()]),
        "certificate": attempt(lambda: base64.b64encode(certificates.get_certificate("web").cer).decode()),
        "certificates": attempt(lambda: [one.name for one in certificates.list_properties_of_certificates()]),
        "no certificate": attempt(lambda: certificates.get_certificate("gone").name),
        "key": attempt(lambda: jwk(keys.get_key("sign"))),
        "keys": attempt(lambda: [one.name for one in keys.list_properties_of_keys()]),
        "no key": attempt(lambda: keys.get_key("gone").name),
    }


def main():
    asked = json.load(sys.stdin)
    options = {"authority": asked["authority"], "disable_instance_discovery": True, "connection_verify": asked["ca"]}
    place = (asked["tenant"], asked["client"])
    ways = {
        "secret": ClientSecretCredential(*place, asked["secret"], **options),
        "wrong secret": ClientSecretCredential(*place, "wrong", **options),
        "certificate": CertificateCredential(*place, certificate_data=asked["certificate"].encode(), **options),
        "assertion": ClientAssertionCredential(*place, lambda: asked["assertion"], **options),
    }
    scope = "https://vault.azure.net/.default"
    signed_in = {name: attempt(lambda: bool(way.get_token(scope).token)) for name, way in ways.items()}
    json.dump({"signed in": signed_in, **read(asked, ways["secret"])}, sys.stdout)


main()
