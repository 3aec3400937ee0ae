import { contract } from '../../../integration-tests/src/contract.ts'
import { streamCapabilities } from './capabilities.ts'
import { createStreamFixture } from './fixture.ts'

contract('stream', createStreamFixture, streamCapabilities)
