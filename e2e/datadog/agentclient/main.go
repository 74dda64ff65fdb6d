// agentclient stands for an Agent in a pod that has nothing else; package visit says what it does.
package main

import (
	"os"

	"keyferry.dev/e2e/datadog/visit"
)

func main() {
	os.Exit(visit.Main(os.Args[1:], os.Stdout))
}
