"""Asks a server for secrets with Google's own client, and for tokens with Google's own credentials; prints JSON.

It reads the question from standard input: {"endpoint": HOST:PORT, "token_url", "sts_url", "key", "project", "other",
"federated": {...}, "aws": {...}}. Certificates are checked with $REQUESTS_CA_BUNDLE. What it prints is what the client
made of the answers: values in base64, names, and the names of its errors.
"""

import base64
import json
import sys

from google.api_core import exceptions
from google.auth import aws, identity_pool
from google.auth import exceptions as auth_exceptions
from google.auth.transport.requests import Request
from google.cloud import secretmanager
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.oauth2 import credentials, service_account

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def client(asked, token):
    transport = SecretManagerServiceRestTransport(host=asked["endpoint"], credentials=credentials.Credentials(token))
    return secretmanager.SecretManagerServiceClient(transport=transport)


def attempt(call):
    try:
        return call()
    except exceptions.GoogleAPICallError as error:
        return f"error {type(error).__name__}"
    except auth_exceptions.RefreshError:
        # The library's answer to a 401 is to have another token, and of a bare one it cannot.
        return "error Unauthenticated"


def access(manager, name):
    """The client leaves the checksum to its caller; so does its answer here."""
    payload = manager.access_secret_version(name=name, retry=None, timeout=20).payload
    return {"data": base64.b64encode(payload.data).decode(), "crc32c": payload.data_crc32c}


def names(pages):
    return [entry.name.rsplit("/", 1)[-1] for entry in pages]


def read(asked, manager):
    parent = f"projects/{asked['project']}"
    secret = f"{parent}/secrets"

    def listed(**request):
        pages = manager.list_secrets(request={"parent": parent, **request}, retry=None, timeout=20)
        return names(pages)

    def versions(name, **request):
        request = {"parent": f"{secret}/{name}", **request}
        return names(manager.list_secret_versions(request=request, retry=None, timeout=20))

    about = manager.get_secret(name=f"{secret}/described", retry=None, timeout=20)
    missing = {
        "secret": f"{secret}/missing/versions/latest",
        "version": f"{secret}/plain/versions/9",
        "disabled": f"{secret}/asleep/versions/latest",
        "destroyed": f"{secret}/asleep/versions/1",
        "denied": f"projects/{asked['other']}/secrets/plain/versions/latest",
    }
    return {
        "latest": attempt(lambda: access(manager, f"{secret}/plain/versions/latest")),
        "first": attempt(lambda: access(manager, f"{secret}/plain/versions/1")),
        "alias": attempt(lambda: access(manager, f"{secret}/plain/versions/prod")),
        "regional": attempt(lambda: access(manager, f"{parent}/locations/europe-west3/secrets/plain/versions/latest")),
        "about": {"labels": dict(about.labels), "annotations": dict(about.annotations)},
        "all": attempt(lambda: listed(page_size=50)),
        "labelled": attempt(lambda: listed(filter="labels.team=a AND name:page-")),
        "enabled": attempt(lambda: versions("asleep", filter="state:ENABLED")),
        "versions": attempt(lambda: versions("asleep", page_size=1)),
        "bad filter": attempt(lambda: listed(filter="nonsense")),
        "bad page": attempt(lambda: listed(page_token="nonsense")),
        "errors": {case: attempt(lambda name=name: access(manager, name)) for case, name in missing.items()},
    }


class Keys(aws.AwsSecurityCredentialsSupplier):
    def __init__(self, asked):
        self.asked = asked

    def get_aws_security_credentials(self, context, request):
        return aws.AwsSecurityCredentials(self.asked["id"], self.asked["secret"], self.asked["session"])

    def get_aws_region(self, context, request):
        return self.asked["region"]


class Subject(identity_pool.SubjectTokenSupplier):
    def __init__(self, token):
        self.token = token

    def get_subject_token(self, context, request):
        return self.token


def token_of(made):
    made.refresh(Request())
    return made.token


def tokens(asked):
    """A token by each way that Google's credentials know, and what it reads."""
    pool = asked["federated"]
    federated = identity_pool.Credentials(
        audience=pool["audience"], subject_token_type="urn:ietf:params:oauth:token-type:jwt", token_url=asked["sts_url"],
        subject_token_supplier=Subject(pool["token"]), scopes=SCOPES)
    machine = aws.Credentials(
        audience=asked["aws"]["audience"], subject_token_type="urn:ietf:params:aws:token-type:aws4_request",
        token_url=asked["sts_url"], aws_security_credentials_supplier=Keys(asked["aws"]), scopes=SCOPES)
    name = f"projects/{asked['project']}/secrets/plain/versions/latest"
    made = {"federated": federated, "aws": machine}
    return {way: attempt(lambda one=one: access(client(asked, token_of(one)), name)) for way, one in made.items()}


def main():
    asked = json.load(sys.stdin)
    key = service_account.Credentials.from_service_account_info(asked["key"], scopes=SCOPES)
    answer = read(asked, client(asked, token_of(key)))
    answer["tokens"] = tokens(asked)
    answer["nobody"] = attempt(lambda: access(client(asked, "nonsense"), f"projects/{asked['project']}/secrets/plain/versions/1"))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
