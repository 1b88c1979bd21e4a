/** Names for what the API answers, from the types that its OpenAPI document makes. */
import type { components } from '../../../clients/typescript/api'

type Schemas = components['schemas']

export type Activity = Schemas['Activity']
export type Content = Schemas['Content']
export type ElementDifference = Schemas['ElementDifference']
export type Invitation = Schemas['Invitation']
export type Kind = Schemas['Kind']
export type Member = Schemas['Member']
export type Methods = Schemas['Methods']
export type Profile = Schemas['Profile']
export type Project = Schemas['Project']
export type Role = Schemas['Role']
export type ShelvedProject = Schemas['ShelvedProject']
export type Snapshot = Schemas['Snapshot']
