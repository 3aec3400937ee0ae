import { SendMessageCommand } from '@aws-sdk/client-sqs'

/** The shop: an order goes into the queue. */
export async function placeOrder(sqs, QueueUrl, MessageBody) {
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))
}
