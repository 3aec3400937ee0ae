import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { traceHandler } from '@tracebaton/sqs'

/** Billing: charges for every order. What cannot be charged stays in the queue, and comes again after a second. */
export async function bill(sqs, QueueUrl, charge, closing) {
  const handle = traceHandler(charge)
  while (!closing.aborted) {
    const request = { QueueUrl, WaitTimeSeconds: 1, VisibilityTimeout: 1 }
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(request))
    for (const message of Messages) {
      const deleted = new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle })
      await Promise.resolve(message)
        .then(handle)
        .then(
          () => sqs.send(deleted),
          () => undefined,
        )
    }
  }
}
