// Command gcp is Vault's way to sign in as an identity of Google Cloud.
package main

import (
	gcpauth "github.com/hashicorp/vault-plugin-auth-gcp/plugin"
	"keyferry.dev/e2e/tools/vault-auth/serve"
)

func main() {
	serve.Method(gcpauth.Factory)
}
