module keyferry.dev/e2e/datadog

go 1.26.0

require (
	github.com/DataDog/datadog-agent/comp/core/secrets/def v0.85.3
	github.com/DataDog/datadog-agent/comp/core/secrets/utils v0.85.3
	github.com/DataDog/datadog-agent/pkg/util/filesystem v0.85.3
	github.com/DataDog/datadog-operator v1.11.1
	go.yaml.in/yaml/v3 v3.0.5
)

require (
	github.com/DataDog/datadog-agent/pkg/util/log v0.85.3 // indirect
	github.com/DataDog/datadog-agent/pkg/util/scrubber v0.85.3 // indirect
	github.com/DataDog/datadog-agent/pkg/version v0.85.3 // indirect
	github.com/gofrs/flock v0.13.1 // indirect
	github.com/shirou/gopsutil/v4 v4.26.9 // indirect
	github.com/stretchr/objx v0.5.3 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/time v0.15.0 // indirect
)
