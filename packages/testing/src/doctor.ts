import { reportWhereAsked } from './doctor/preload.ts'

export { diagnose } from './doctor/diagnose.ts'
export type { DiagnoseOptions } from './doctor/diagnose.ts'
export { diagnosisText } from './doctor/diagnosis.ts'
export type { Diagnosis, DiagnosisId } from './doctor/diagnosis.ts'
export type { RoundTripTarget } from './doctor/round-trip.ts'

reportWhereAsked()
