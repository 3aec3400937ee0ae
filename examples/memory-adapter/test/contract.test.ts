import { contract } from '../../../integration-tests/src/contract.ts'
import { memoryCapabilities } from './capabilities.ts'
import { createMemoryFixture } from './fixture.ts'

contract('memory', createMemoryFixture, memoryCapabilities)
