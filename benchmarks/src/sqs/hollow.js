import { SQSClient } from '@aws-sdk/client-sqs'
import { createHash } from 'node:crypto'

export const QUEUE = 'https://sqs.us-east-1.amazonaws.com/123456789012/orders'
export const BODY = 'order 1042'
const MD5 = createHash('md5').update(BODY).digest('hex')
const OPERATION = 'x-amz-target'
const SENT = Buffer.from(JSON.stringify({ MessageId: 'm-1', MD5OfMessageBody: MD5 }))
const NOTHING = Buffer.from('{}')

/** A real client, whose requests are answered without a network and without signatures. */
export function createHollow(Client = SQSClient) {
  const hollow = { client: undefined, attributes: {}, response: () => NOTHING, asked: {} }
  const answer = ({ headers, body }) => {
    switch (headers[OPERATION]) {
      case 'AmazonSQS.SendMessage':
        if (hollow.keep) hollow.attributes = JSON.parse(new TextDecoder().decode(body)).MessageAttributes ?? {}
        return SENT
      case 'AmazonSQS.ReceiveMessage':
        if (hollow.keep) hollow.asked = JSON.parse(new TextDecoder().decode(body))
        return hollow.response()
      default:
        return NOTHING
    }
  }
  hollow.client = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    signer: { sign: async (request) => request },
    requestHandler: {
      handle: async (request) => ({
        response: {
          statusCode: 200,
          headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'r-1' },
          body: answer(request),
        },
      }),
      metadata: { handlerProtocol: 'http/1.1' },
    },
  })
  return hollow
}

const ID = '000000000'

/** The response that delivers messages with these attributes, as the service gives them to who asks for them. */
export function responseOf(written, asked) {
  const { MessageAttributeNames = [], MessageSystemAttributeNames = [] } = asked
  const system = { SentTimestamp: String(Date.now()), ApproximateReceiveCount: '1' }
  const Messages = written.map((attributes) => ({
    MessageId: `m-${ID}`,
    ReceiptHandle: `r-${ID}`,
    Body: BODY,
    MD5OfBody: MD5,
    MessageAttributes: only(attributes, MessageAttributeNames),
    Attributes: only(system, MessageSystemAttributeNames),
  }))
  return Buffer.from(JSON.stringify({ Messages }))
}

function only(attributes, names) {
  const entries = Object.entries(attributes).filter(([name]) => names.includes(name))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** Gives each message of a response an id and a receipt that no other has had. */
export function createRenewal() {
  let next = 0
  return (response) => {
    let at = -1
    while ((at = response.indexOf('"m-', at + 1)) !== -1) {
      const id = String(next++).padStart(ID.length, '0')
      response.latin1Write(id, at + 3)
      response.latin1Write(id, response.indexOf('"r-', at) + 3)
    }
    return response
  }
}
