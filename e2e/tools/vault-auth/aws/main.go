// Command aws is Vault's way to sign in as an identity of AWS.
package main

import (
	awsauth "github.com/hashicorp/vault/builtin/credential/aws"
	"keyferry.dev/e2e/tools/vault-auth/serve"
)

func main() {
	serve.Method(awsauth.Factory)
}
