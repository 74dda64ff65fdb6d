#!/usr/bin/env python3
"""Reads from our Alibaba Cloud (e2e/src/alibaba) with Alibaba Cloud's own SDK, and fails where it says anything else.

  contract.py '{"endpoint": HOST:PORT, "version": ID, "keys": [[ID, SECRET, TOKEN or null]...]}'

Run it with a Python that has requirements.txt beside this file; the test `the_official_sdk_reads_from_our_server` does.
"""

import json
import sys

from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from alibabacloud_tea_openapi import utils_models
from darabonba.runtime import RuntimeOptions


def client(endpoint, key, secret, token):
    config = utils_models.Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="HTTP")
    if token:
        config.security_token = token
        config.type = "sts"
    return Client(config)


def code_of(call):
    try:
        call()
    except Exception as error:  # The SDK has several.
        return str(getattr(error, "code", "") or error)
    return None


def expect(wanted, got):
    if wanted != got:
        raise SystemExit(f"wanted {wanted!r}, got {got!r}")


def check(kms, version):
    runtime = RuntimeOptions(autoretry=False)

    def value(**fields):
        return kms.get_secret_value_with_options(models.GetSecretValueRequest(**fields), runtime).body

    current = value(secret_name="team/db")
    expect(("/wA=", "binary"), (current.secret_data, current.secret_data_type))
    old = value(secret_name="team/db", version_id=version)
    expect(("1 \U0001F511", "text", ["ACSPrevious"]),
           (old.secret_data, old.secret_data_type, old.version_stages.version_stage))
    expect(version, value(secret_name="team/db", version_stage="ACSPrevious").version_id)
    expect(True, "Forbidden.ResourceNotFound" in (code_of(lambda: value(secret_name="nobody")) or ""))
    about = kms.describe_secret_with_options(
        models.DescribeSecretRequest(secret_name="team/db", fetch_tags="true"), runtime).body
    expect([("env", "a+b")], [(tag.tag_key, tag.tag_value) for tag in about.tags.tag])
    names = []
    for number in (1, 2):
        page = kms.list_secrets_with_options(
            models.ListSecretsRequest(page_number=number, page_size=100, fetch_tags="false"), runtime).body
        expect((number, 121), (page.page_number, page.total_count))
        names += [secret.secret_name for secret in page.secret_list.secret]
    expect(121, len(set(names)))


def main():
    said = json.loads(sys.argv[1])
    for key, secret, token in said["keys"]:
        check(client(said["endpoint"], key, secret, token), said["version"])
    key, secret, token = said["keys"][0]
    wrong = client(said["endpoint"], key, secret + "x", token)
    request = models.GetSecretValueRequest(secret_name="team/db")
    expect(True, "SignatureDoesNotMatch" in
           (code_of(lambda: wrong.get_secret_value_with_options(request, RuntimeOptions())) or ""))


main()
