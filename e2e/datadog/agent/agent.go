// Package agent resolves secrets as the Datadog Agent does, out of the parts of the Agent that are published as modules: its rights
// check, its types, its payload version, its reader of ENC[...] and its walk over a configuration. What it does between those parts
// (the run of the command, the cache, the refresh, the report) is written anew after the Agent's behaviour, because that one
// package of the Agent cannot be had; README.md says more.
//
// Left out: access limits by image and namespace, the audit file, telemetry and the timer of secret_refresh_interval.
package agent

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"
	"github.com/DataDog/datadog-agent/comp/core/secrets/utils"
	"go.yaml.in/yaml/v3"
)

// Era says what one bad handle does to the others of the same call.
type Era int

const (
	// WholeBatch is the Agent before 7.80: the call fails, and nothing of it is kept.
	WholeBatch Era = iota
	// PerHandle is the Agent since 7.80: the good ones are kept, the bad ones reported.
	PerHandle
)

// place is where a handle stands: a configuration, and the path of a value in it.
type place struct {
	origin, path string
}

// Agent is the secrets component of one Agent process.
type Agent struct {
	era       Era
	params    secrets.ConfigParams
	lock      sync.Mutex
	cache     map[string]string
	ever      map[string]bool
	places    map[string][]place
	failures  map[string]error
	callbacks []secrets.SecretChangeCallback
}

var _ secrets.Component = (*Agent)(nil)

// New makes an Agent that knows no backend yet.
func New(era Era) *Agent {
	return &Agent{
		era: era, cache: map[string]string{}, ever: map[string]bool{}, places: map[string][]place{}, failures: map[string]error{},
	}
}

// Configure takes the settings, and the Agent's defaults for a timeout (seconds) or size (bytes) of 0.
func (a *Agent) Configure(params secrets.ConfigParams) {
	if params.Timeout == 0 {
		params.Timeout = defaultTimeout
	}
	if params.MaxSize == 0 {
		params.MaxSize = defaultMaxSize
	}
	a.params = params
}

// Resolve answers the configuration with its handles replaced. Handles that are known already cost no call; all others cost one
// together. A configuration with a handle that cannot be resolved is not answered at all: the Agent drops it.
func (a *Agent) Resolve(data []byte, origin, _, _ string, notify bool) ([]byte, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if data == nil || a.params.Command == "" {
		return data, nil
	}
	var config any
	if err := yaml.Unmarshal(data, &config); err != nil {
		return nil, fmt.Errorf("%s is no YAML: %w", origin, err)
	}
	found, err := a.collect(&config, origin)
	if err != nil || len(found) == 0 {
		return data, err
	}
	if _, err := a.fetch(a.unknown(found), notify); err != nil {
		return nil, err
	}
	return a.replace(&config)
}

// collect notes every place of every handle.
func (a *Agent) collect(config *any, origin string) ([]string, error) {
	found := map[string]bool{}
	walker := utils.Walker{Resolver: func(path []string, value string) (string, error) {
		if ok, handle := utils.IsEnc(value); ok {
			found[handle] = true
			a.register(handle, place{origin, strings.Join(path, "/")})
		}
		return value, nil
	}}
	err := walker.Walk(config)
	return slices.Sorted(maps.Keys(found)), err
}

func (a *Agent) register(handle string, at place) {
	if !slices.Contains(a.places[handle], at) {
		a.places[handle] = append(a.places[handle], at)
	}
}

func (a *Agent) unknown(handles []string) []string {
	return slices.DeleteFunc(slices.Clone(handles), func(handle string) bool {
		_, known := a.cache[handle]
		return known
	})
}

func (a *Agent) replace(config *any) ([]byte, error) {
	walker := utils.Walker{Resolver: func(_ []string, value string) (string, error) {
		if ok, handle := utils.IsEnc(value); ok {
			return a.cache[handle], nil
		}
		return value, nil
	}}
	if err := walker.Walk(config); err != nil {
		return nil, err
	}
	return yaml.Marshal(*config)
}

// fetch asks for the handles, keeps what the era allows, and answers those with a new value, sorted.
func (a *Agent) fetch(handles []string, notify bool) ([]string, error) {
	if len(handles) == 0 {
		return nil, nil
	}
	table, err := call(a.params, handles)
	if err != nil {
		a.fail(handles, err)
		return nil, err
	}
	values, failures := a.judge(table, handles)
	err = errors.Join(slices.Collect(maps.Values(failures))...)
	if err != nil && a.era == WholeBatch {
		a.fail(handles, err)
		return nil, err
	}
	maps.Copy(a.failures, failures)
	return a.keep(values, notify), err
}

func (a *Agent) judge(table map[string]secrets.SecretVal, handles []string) (map[string]string, map[string]error) {
	values, failures := map[string]string{}, map[string]error{}
	for _, handle := range handles {
		value, err := verdict(a.params, table, handle)
		if err != nil {
			failures[handle] = err
			continue
		}
		values[handle] = value
	}
	return values, failures
}

func (a *Agent) fail(handles []string, err error) {
	for _, handle := range handles {
		a.failures[handle] = err
	}
}

func (a *Agent) keep(values map[string]string, notify bool) []string {
	var changed []string
	for _, handle := range slices.Sorted(maps.Keys(values)) {
		delete(a.failures, handle)
		old, value := a.cache[handle], values[handle]
		a.cache[handle], a.ever[value] = value, true
		if old == value {
			continue
		}
		changed = append(changed, handle)
		if notify {
			a.tell(handle, old, value)
		}
	}
	return changed
}

func (a *Agent) tell(handle, old, value string) {
	for _, at := range a.places[handle] {
		for _, callback := range a.callbacks {
			callback(handle, at.origin, strings.Split(at.path, "/"), old, value)
		}
	}
}

// RefreshNow asks for every known handle again, in one call, and answers one line for each that changed. With an error it still
// answers what did change.
func (a *Agent) RefreshNow() (string, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	changed, err := a.fetch(slices.Sorted(maps.Keys(a.cache)), true)
	var text strings.Builder
	for _, handle := range changed {
		fmt.Fprintf(&text, "- '%s' has a new value\n", handle)
	}
	return text.String(), err
}

// Refresh does RefreshNow in the background, and says whether refreshing is switched on.
func (a *Agent) Refresh() bool {
	on := a.params.Command != "" && a.params.RefreshInterval > 0
	if on {
		go func() { _, _ = a.RefreshNow() }()
	}
	return on
}

// SubscribeToChanges has the callback called for every place of every value that becomes known or changes.
func (a *Agent) SubscribeToChanges(callback secrets.SecretChangeCallback) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.callbacks = append(a.callbacks, callback)
}

// IsValueFromSecret says whether a handle has, or had, this value.
func (a *Agent) IsValueFromSecret(value string) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.ever[value]
}

// RemoveOrigin forgets where a configuration used handles.
func (a *Agent) RemoveOrigin(origin string) {
	a.lock.Lock()
	defer a.lock.Unlock()
	for handle, places := range a.places {
		a.places[handle] = slices.DeleteFunc(places, func(at place) bool { return at.origin == origin })
	}
}
