#!/usr/bin/env python3
"""Writes signatures of Alibaba Cloud's own SDK, for src/provider/alibaba/sign/vectors.json.

  vectors.py > src/provider/alibaba/sign/vectors.json

Run it with a Python that has requirements.txt beside this file. The SDK signs as it always does; only its clock and its
nonce are fixed, and a request is kept in place of being sent.
"""

import json
import sys

from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from alibabacloud_tea_openapi import utils_models
from alibabacloud_tea_openapi.utils import Utils
from darabonba.core import DaraCore
from darabonba.runtime import RuntimeOptions

DATE = "2026-01-02T03:04:05Z"
NONCE = "3f1c9a52e0b7d846"


class Kept(Exception):
    """A request that would have been sent."""

    def __init__(self, request):
        super().__init__("kept")
        self.request = request


def keep(request, _options=None):
    raise Kept(request)


Utils.get_timestamp = staticmethod(lambda: DATE)
Utils.get_nonce = staticmethod(lambda: NONCE)
DaraCore.do_action = staticmethod(keep)
DaraCore.should_retry = staticmethod(lambda _options, context: context.retries_attempted == 0)


def client(endpoint, token):
    config = utils_models.Config(
        access_key_id="LTAI5tExampleExample", access_key_secret="exampleSecretExampleSecret", endpoint=endpoint
    )
    if token:
        config.security_token = token
        config.type = "sts"
    return Client(config)


def signed(call):
    try:
        call()
    except Exception as error:  # The SDK wraps what ends its loop.
        while error is not None and not isinstance(error, Kept):
            error = getattr(error, "inner_exception", None) or error.__cause__ or error.__context__
        if error is None:
            raise
        return error.request
    raise RuntimeError("nothing was sent")


def vector(name, endpoint, token, call):
    request = signed(lambda: call(client(endpoint, token), RuntimeOptions()))
    headers = {key.lower(): str(value).strip() for key, value in request.headers.items()}
    authorization = headers.pop("authorization")
    body = request.body or b""
    return {
        "name": name,
        "method": request.method,
        "path": request.pathname,
        "query": {key: str(value) for key, value in request.query.items()},
        "headers": headers,
        "body": body if isinstance(body, str) else body.decode(),
        "id": "LTAI5tExampleExample",
        "secret": "exampleSecretExampleSecret",
        "authorization": authorization,
    }


def value(**fields):
    request = models.GetSecretValueRequest(**fields)
    return lambda kms, runtime: kms.get_secret_value_with_options(request, runtime)


def listing(**fields):
    request = models.ListSecretsRequest(**fields)
    return lambda kms, runtime: kms.list_secrets_with_options(request, runtime)


def description(**fields):
    request = models.DescribeSecretRequest(**fields)
    return lambda kms, runtime: kms.describe_secret_with_options(request, runtime)


def put(**fields):
    request = models.PutSecretValueRequest(**fields)
    return lambda kms, runtime: kms.put_secret_value_with_options(request, runtime)


PUBLIC = "kms.eu-central-1.aliyuncs.com"
ARN = "acs:kms:eu-central-1:1234567890123456:secret/team/db"
VECTORS = [
    ("a value", PUBLIC, None, value(secret_name="db")),
    ("a value with a token", PUBLIC, "CAISExample/Token+with==", value(secret_name="db")),
    ("a stage", PUBLIC, None, value(secret_name="team/db@x=1+2", version_stage="ACSPrevious")),
    ("a version of an ARN in a VPC", "kms-vpc.eu-central-1.aliyuncs.com", None, value(secret_name=ARN, version_id="v1")),
    ("what needs to be encoded", PUBLIC, None, value(secret_name="a b+c*d~e/f%g&h=i?j\u00e9\U0001f511'()!")),
    ("extended configuration", PUBLIC, None, value(secret_name="db", fetch_extended_config=True)),
    ("a port", "127.0.0.1:8443", None, value(secret_name="db")),
    ("a page", PUBLIC, None, listing(page_number=2, page_size=100, fetch_tags="true")),
    ("a page with filters", PUBLIC, None, listing(filters='[{"Key":"SecretName","Values":["a b","\u00e9"]}]')),
    ("a description", PUBLIC, "CAISExample", description(secret_name="db", fetch_tags="true")),
    ("a put", PUBLIC, None, put(secret_name="db", version_id="v2", secret_data='{"a": "b c"}\n')),
]

json.dump([vector(*each) for each in VECTORS], sys.stdout, indent=1, ensure_ascii=True)
sys.stdout.write("\n")
