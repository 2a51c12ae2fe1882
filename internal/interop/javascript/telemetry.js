'use strict';
// OpenTelemetry as an adopter sets it up, with spans that are kept in memory.
// It has to be loaded before any client of the AWS SDK.

const { context, propagation, trace, ROOT_CONTEXT, SpanKind } = require('@opentelemetry/api');
const { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } = require('@opentelemetry/core');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { AwsLambdaInstrumentation } = require('@opentelemetry/instrumentation-aws-lambda');
const { AwsInstrumentation } = require('@opentelemetry/instrumentation-aws-sdk');
const { AWSXRayPropagator } = require('@opentelemetry/propagator-aws-xray');
const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register({ propagator: null });
const aws = new AwsInstrumentation();
// What Lambda tells of the function, which is in function.js.
process.env.LAMBDA_TASK_ROOT = __dirname;
process.env._HANDLER = 'function.handler';
const lambda = new AwsLambdaInstrumentation();
registerInstrumentations({ instrumentations: [aws, lambda] });

const propagators = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
  xray: () => new AWSXRayPropagator(),
};

// configure sets the propagators, by their names in OTEL_PROPAGATORS, whether
// contexts are looked for in SNS's envelopes, and whether a function looks for them
// in message attributes.
function configure({ propagators: names = ['tracecontext', 'baggage'], payload = false, messageAttributes = false }) {
  propagation.disable();
  propagation.setGlobalPropagator(new CompositePropagator({ propagators: names.map((name) => propagators[name]()) }));
  aws.setConfig({ sqsExtractContextPropagationFromPayload: payload });
  lambda.setConfig({ useGlobalPropagatorForSqsExtraction: messageAttributes });
  exporter.reset();
}

const tracer = () => trace.getTracer('interop');

// within calls f in a span that continues the context of a carrier.
async function within(carrier, f) {
  const parent = carrier ? propagation.extract(ROOT_CONTEXT, carrier) : ROOT_CONTEXT;
  const span = tracer().startSpan('caller', {}, parent);
  try {
    return await context.with(trace.setSpan(parent, span), f);
  } finally {
    span.end();
  }
}

// spans are those that have ended since configure.
function spans() {
  return exporter.getFinishedSpans().map((s) => ({
    name: s.name,
    kind: SpanKind[s.kind],
    ...described(s.spanContext()),
    parent_span_id: s.parentSpanContext?.spanId,
    links: s.links.map((l) => described(l.context)),
  }));
}

function described(sc) {
  return {
    trace_id: sc.traceId,
    span_id: sc.spanId,
    sampled: (sc.traceFlags & 1) === 1,
    tracestate: sc.traceState?.serialize() || undefined,
  };
}

// understood is what a context says that was extracted.
function understood(ctx) {
  const sc = trace.getSpanContext(ctx);
  const baggage = propagation.getBaggage(ctx)?.getAllEntries().map(([key, entry]) => [key, entry.value]);
  return { ...(sc && described(sc)), baggage: baggage && Object.fromEntries(baggage) };
}

module.exports = { configure, spans, tracer, understood, within };
