# The service and the consumer, each in an image of its own: one static
# program, no shell, not root, and it runs on a read-only root.
#
#   docker build --target service .      docker build --target consumer .
#
# `make image` builds and runs both, with docker or, where there is none, with
# buildah. The build takes its base image, commit and time as arguments, so
# that the same commit gives the same image.
ARG GO_IMAGE=golang:1.26.8

FROM --platform=${BUILDPLATFORM} ${GO_IMAGE} AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# VERSION is service.version of everything the program sends: the commit.
ARG VERSION=unknown
# Another processor's image is compiled for it, not run as it.
ARG TARGETOS TARGETARCH
RUN for program in service consumer; do \
      GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -tags lambda.norpc \
        -ldflags "-s -w -buildid= -X main.version=${VERSION}" \
        -o /out/${program} ./cmd/${program} || exit 1; \
    done

FROM scratch AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ARG VERSION=unknown
ARG BUILD_TIME=unknown
LABEL org.opencontainers.image.title="tracehaul" \
      org.opencontainers.image.source="https://github.com/tracehaul/tracehaul" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${VERSION}" \
      org.opencontainers.image.created="${BUILD_TIME}"

FROM base AS consumer
COPY --from=build /out/consumer /consumer
COPY --chmod=644 LICENSE NOTICE cmd/consumer/THIRD_PARTY_NOTICES /licenses/
ENTRYPOINT ["/consumer"]

FROM base AS service
COPY --from=build /out/service /service
COPY --chmod=644 LICENSE NOTICE cmd/service/THIRD_PARTY_NOTICES /licenses/
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/service", "healthcheck"]
ENTRYPOINT ["/service"]
