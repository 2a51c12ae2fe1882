'use strict';
// Does what the tests of internal/interop ask for: a request is a line of JSON on
// standard input, its answer one on standard output. It ends with its input.

const { createInterface } = require('node:readline');
const { configure, spans, tracer, understood, within } = require('./telemetry');
const { context, propagation, trace, ROOT_CONTEXT, SpanKind } = require('@opentelemetry/api');
const attributes = require('@opentelemetry/instrumentation-aws-sdk/build/src/services/MessageAttributes');
const { PublishBatchCommand, PublishCommand, SNSClient } = require('@aws-sdk/client-sns');
const {
  DeleteMessageCommand, ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient,
} = require('@aws-sdk/client-sqs');

const [snsEndpoint, sqsEndpoint] = process.argv.slice(2);
const client = (endpoint) => ({
  region: 'eu-west-1', endpoint, maxAttempts: 1, credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const sns = new SNSClient(client(snsEndpoint));
const sqs = new SQSClient(client(sqsEndpoint));

const commands = {
  Publish: (input) => sns.send(new PublishCommand(input)),
  PublishBatch: (input) => sns.send(new PublishBatchCommand(input)),
  SendMessage: (input) => sqs.send(new SendMessageCommand(input)),
  SendMessageBatch: (input) => sqs.send(new SendMessageBatchCommand(input)),
};

const operations = {
  // call makes one call of the SDK in a span that continues carrier.
  async call({ command, input, carrier }) {
    await within(carrier, () => commands[command](input));
  },

  // receive takes the messages of a queue, handles each in a span that continues
  // its trace, as the instrumentation's readme tells, and deletes it.
  async receive({ queue, forward }) {
    const { Messages: messages = [] } = await sqs.send(new ReceiveMessageCommand({
      QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 10,
    }));
    for (const message of messages) {
      const carried = attributes.extractPropagationContext(message, true);
      const parent = propagation.extract(ROOT_CONTEXT, carried, attributes.contextGetter);
      const span = tracer().startSpan('process', { kind: SpanKind.CONSUMER }, parent);
      await context.with(trace.setSpan(parent, span), async () => {
        if (forward) {
          await sqs.send(new SendMessageCommand({ QueueUrl: forward, MessageBody: message.Body }));
        }
        await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message.ReceiptHandle }));
      });
      span.end();
    }
    return { messages: messages.length };
  },

  // invoke calls a function that has an SQS event source.
  async invoke({ event }) {
    await require('./function').handler(event, {
      functionName: 'interop', awsRequestId: 'id', invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:interop',
    });
  },

  // extract reads a message, or the headers of a request, with nothing but the
  // propagators.
  async extract({ message, headers }) {
    if (headers) {
      return { context: understood(propagation.extract(ROOT_CONTEXT, headers)) };
    }
    const carried = attributes.extractPropagationContext(message, true);
    return { context: understood(propagation.extract(ROOT_CONTEXT, carried, attributes.contextGetter)) };
  },

  // inject adds the context of a carrier to a message's attributes.
  async inject({ carrier, attributes: own }) {
    const ctx = propagation.extract(ROOT_CONTEXT, carrier);
    return { attributes: context.with(ctx, () => attributes.injectPropagationContext(own)) };
  },
};

async function answer(request) {
  configure(request);
  try {
    const result = await operations[request.operation](request);
    return { ...result, spans: spans() };
  } catch (e) {
    return { error: `${e.name}: ${e.message}`, spans: spans() };
  }
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
  sns.destroy();
  sqs.destroy();
}

main();
