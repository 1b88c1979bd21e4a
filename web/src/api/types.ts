/** Names for what the API answers, from the types that its OpenAPI document makes. */
import type { components } from '../../../clients/typescript/api'

type Schemas = components['schemas']

export type Activity = Schemas['Activity']
export type Author = Schemas['Author']
export type Content = Schemas['Content']
export type ElementDifference = Schemas['ElementDifference']
export type Invitation = Schemas['Invitation']
export type Kind = Schemas['Kind']
export type Member = Schemas['Member']
export type Message = Schemas['Message']
export type Methods = Schemas['Methods']
export type NewRun = Schemas['NewRun']
export type Profile = Schemas['Profile']
export type Project = Schemas['Project']
export type Role = Schemas['Role']
export type Run = Schemas['Run']
export type RunReason = Schemas['RunReason']
export type RunTarget = Schemas['RunTarget']
export type RunTask = Schemas['RunTask']
export type ShelvedProject = Schemas['ShelvedProject']
export type Snapshot = Schemas['Snapshot']
