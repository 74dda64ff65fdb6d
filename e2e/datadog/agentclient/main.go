// agentclient stands for an Agent in a pod that has nothing else: it resolves a configuration through the installed helper, waits for
// a rotation if told to, and prints the Agent's report. It prints whether a value is the one of a file, and never a value.
//
// It ends with 0 when all is as expected, with 1 when something is not, with 2 for wrong arguments.
package main

import (
	"fmt"
	"os"
)

func main() {
	visit, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "agentclient:", err)
		os.Exit(2)
	}
	if err := visit.run(os.Stdout); err != nil {
		fmt.Println("WRONG:", err)
		os.Exit(1)
	}
	fmt.Println("RIGHT")
}
