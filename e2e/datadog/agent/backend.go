package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"
	"github.com/DataDog/datadog-agent/pkg/util/filesystem"
)

// The Agent's defaults for secret_backend_timeout and secret_backend_output_max_size.
const (
	defaultTimeout = 30
	defaultMaxSize = 1 << 20
)

// request is what an Agent of 7.85 writes to the backend.
type request struct {
	Version string   `json:"version"`
	Secrets []string `json:"secrets"`
	Timeout int      `json:"secret_backend_timeout"`
}

// limited refuses what would make it longer than max bytes, which ends the command that writes to it. The buffer is not embedded:
// its ReadFrom would be taken instead of Write.
type limited struct {
	content bytes.Buffer
	max     int
}

func (l *limited) Write(block []byte) (int, error) {
	if l.content.Len()+len(block) > l.max {
		return 0, fmt.Errorf("command output was too long: exceeded %d bytes", l.max)
	}
	return l.content.Write(block)
}

// call asks the backend for the handles, once, and answers its raw table.
func call(params secrets.ConfigParams, handles []string) (map[string]secrets.SecretVal, error) {
	input, err := json.Marshal(request{secrets.PayloadVersion, handles, params.Timeout})
	if err != nil {
		return nil, err
	}
	output, err := run(params, input)
	if err != nil {
		return nil, err
	}
	table := map[string]secrets.SecretVal{}
	if err := json.Unmarshal(output, &table); err != nil {
		return nil, fmt.Errorf("the output of %s is no table of handles: %w", params.Command, err)
	}
	return table, nil
}

// run is one run of the command, with the rights check before it, the Agent's whole environment, its time limit and its size limit
// for each of the two outputs.
func run(params secrets.ConfigParams, input []byte) ([]byte, error) {
	if err := filesystem.CheckRights(params.Command, params.GroupExecPerm); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(params.Timeout)*time.Second)
	defer cancel()
	output, complaints := &limited{max: params.MaxSize}, &limited{max: params.MaxSize}
	command := exec.CommandContext(ctx, params.Command, params.Arguments...)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), output, complaints
	if err := command.Run(); err != nil {
		return nil, explain(ctx, params.Command, err, complaints.content.String())
	}
	return output.content.Bytes(), nil
}

func explain(ctx context.Context, command string, err error, complaints string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("error while running '%s': command timeout", command)
	}
	return fmt.Errorf("error while running '%s': %w (it said: %s)", command, err, strings.TrimSpace(complaints))
}

// verdict is the Agent's reading of one entry of the table: absent, an error, or empty means not resolved.
func verdict(params secrets.ConfigParams, table map[string]secrets.SecretVal, handle string) (string, error) {
	entry, found := table[handle]
	if !found {
		return "", fmt.Errorf("secret handle '%s' was not resolved by the secret_backend_command", handle)
	}
	if entry.ErrorMsg != "" {
		return "", fmt.Errorf("an error occurred while resolving '%s': %s", handle, entry.ErrorMsg)
	}
	value := entry.Value
	if params.RemoveLinebreak {
		value = strings.TrimRight(value, "\r\n")
	}
	if value == "" {
		return "", fmt.Errorf("resolved secret for '%s' is empty", handle)
	}
	return value, nil
}
