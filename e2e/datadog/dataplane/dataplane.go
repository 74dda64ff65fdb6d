// Package dataplane calls a secret backend as the Agent Data Plane does, which is written in Rust and published as no package: the
// bare command without an argument, version 1.0, every use of a handle listed, the whole request written before the answer is read,
// 30 seconds. It looks at no mode and no owner, only that the command is there.
package dataplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Timeout is the data plane's default for secret_backend_timeout.
const Timeout = 30 * time.Second

// entry tells an absent or null member from an empty one: an error that is there counts, also when it is empty.
type entry struct {
	Value *string `json:"value"`
	Error *string `json:"error"`
}

// Resolve answers the value for each setting, given the handle of each. The first handle that is not resolved fails it.
func Resolve(command string, handles map[string]string) (map[string]string, error) {
	if _, err := os.Stat(command); err != nil {
		return nil, err
	}
	input, err := request(handles)
	if err != nil {
		return nil, err
	}
	output, err := run(command, input)
	if err != nil {
		return nil, err
	}
	table := map[string]entry{}
	if err := json.Unmarshal(output, &table); err != nil {
		return nil, fmt.Errorf("failed to deserialize response: %w", err)
	}
	return read(table, handles)
}

// request lists the handle of every setting, so one that two settings share is in it twice.
func request(handles map[string]string) ([]byte, error) {
	list := []string{}
	for _, handle := range handles {
		list = append(list, handle)
	}
	return json.Marshal(map[string]any{"version": "1.0", "secrets": list})
}

// process is the running command with its three pipes.
type process struct {
	command        *exec.Cmd
	stdin          io.WriteCloser
	output, errors io.Reader
}

func start(ctx context.Context, command string) (process, error) {
	run := exec.CommandContext(ctx, command)
	stdin, err1 := run.StdinPipe()
	output, err2 := run.StdoutPipe()
	complaints, err3 := run.StderrPipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		return process{}, err
	}
	return process{run, stdin, output, complaints}, run.Start()
}

// run reads nothing before the whole request is written, so a command that answers too early would hang here.
func run(command string, input []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	process, err := start(ctx, command)
	if err != nil {
		return nil, err
	}
	_, written := process.stdin.Write(input)
	closed := process.stdin.Close()
	output, err := process.wait()
	return output, errors.Join(err, written, closed)
}

func (p process) wait() ([]byte, error) {
	complaints := make(chan []byte, 1)
	go func() {
		text, _ := io.ReadAll(p.errors)
		complaints <- text
	}()
	output, err := io.ReadAll(p.output)
	said := <-complaints
	if failed := p.command.Wait(); failed != nil {
		return nil, fmt.Errorf("backend failed: %w: %s", failed, said)
	}
	return output, err
}

func read(table map[string]entry, handles map[string]string) (map[string]string, error) {
	values := map[string]string{}
	for setting, handle := range handles {
		entry, found := table[handle]
		switch {
		case !found:
			return nil, fmt.Errorf("%s: no entry for secret in response payload", handle)
		case entry.Error != nil:
			return nil, fmt.Errorf("failed to resolve %s: %s", handle, *entry.Error)
		case entry.Value == nil:
			return nil, fmt.Errorf("%s: payload for secret had no value or error", handle)
		}
		values[setting] = *entry.Value
	}
	return values, nil
}
