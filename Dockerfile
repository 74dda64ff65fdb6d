# Both images of Keyferry: `docker build --target operator .` and `--target helper`. docs/images.md has the rest.
#
# Where no base image can be had, `make images` gives buildah a folder in the place of the stage `build`, with binaries
# that were built outside; so nothing below that stage may run a command.

# The tag names a version; pin its digest where your registry has it: RUST=rust:1.95-bookworm@sha256:...
ARG RUST=rust:1.95-bookworm
FROM docker.io/library/${RUST} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates make python3
WORKDIR /keyferry
COPY . .
# Built for the machine that the stage runs on, so `--platform` decides. What the final images get lies in /image.
ARG TARGETARCH
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/keyferry/target,sharing=locked,id=keyferry-target-${TARGETARCH} \
    make image-files STAGE=/

# Roots of the public authorities are the one thing beside the binary: the clouds' certificates are checked with them.
FROM scratch AS operator
ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="keyferry" \
      org.opencontainers.image.description="A Kubernetes operator that syncs external secret stores into native Secrets" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/keyferry/keyferry" \
      org.opencontainers.image.documentation="https://github.com/keyferry/keyferry/blob/main/docs/images.md"
COPY --from=build --chown=0:0 /image/operator/ /
USER 65532:65532
ENTRYPOINT ["/keyferry"]

# No network, no certificates. Group 0 may execute the file and others may not, for the Agent refuses a command that
# others could run; docs/images.md says what that asks of a pod.
FROM scratch AS helper
ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="keyferry-helper" \
      org.opencontainers.image.description="Shows Secrets as files to agents: the Datadog secret backend, and checks of what is mounted" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/keyferry/keyferry" \
      org.opencontainers.image.documentation="https://github.com/keyferry/keyferry/blob/main/docs/images.md"
COPY --from=build --chown=0:0 /image/helper/ /
USER 65532:0
ENTRYPOINT ["/keyferry-helper"]
