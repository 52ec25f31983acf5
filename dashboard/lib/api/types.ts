/** The shapes of REST and WebSocket under short names, from the schema that the server publishes. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** The server sends every field, also those that its schema lets clients leave out. */
type Whole<Shape> = Shape extends [infer First, infer Second]
  ? [First, Second]
  : Shape extends (infer Item)[]
    ? Whole<Item>[]
    : Shape extends object
      ? { [Field in keyof Shape]-?: Whole<Shape[Field]> }
      : Shape;

export type Severity = Schemas["IncidentSeverity"];
export type State = Schemas["State"];
export type Phase = Schemas["Phase"];
export type PhaseState = Schemas["PhaseState"];
export type PhaseView = Whole<Schemas["PhaseView"]>;
export type ApprovalView = Whole<Schemas["ApprovalView"]>;
export type IncidentSummary = Whole<Schemas["IncidentSummary"]>;
export type AlertView = Whole<Schemas["AlertView"]>;
export type ActionView = Whole<Schemas["ActionView"]>;
export type TimelineEntry = Whole<Schemas["TimelineEntry"]>;
export type Series = Whole<Schemas["Series"]>;
export type LogPattern = Whole<Schemas["LogPattern"]>;
export type Change = Whole<Schemas["Change"]>;
export type Evidence = Whole<Schemas["Evidence"]>;
export type Gap = Whole<Schemas["Gap"]>;
export type Indicator = Whole<Schemas["Indicator"]>;
export type Detection = Whole<Schemas["Detection"]>;
export type Argument = Whole<Schemas["Argument"]>;
export type Hypothesis = Whole<Schemas["Hypothesis"]>;
export type Elsewhere = Whole<Schemas["Elsewhere"]>;
export type Diagnosis = Whole<Schemas["Diagnosis"]>;
export type Forecast = Whole<Schemas["Forecast"]>;
export type Prediction = Whole<Schemas["Prediction"]>;
export type Plan = Whole<Schemas["Plan"]>;
export type Reading = Whole<Schemas["Reading"]>;
export type Verification = NonNullable<Whole<Schemas["IncidentDetail"]>["verification"]>;
export type IncidentDetail = Whole<Schemas["IncidentDetail"]>;
export type AgentHealth = Whole<Schemas["AgentReport"]>;
export type Accuracy = Whole<Schemas["Accuracy"]>;
export type ReliabilityBin = Whole<Schemas["Bin"]>;
export type Cause = Schemas["Cause"];
export type Component = Whole<Schemas["Component"]>;
export type Intake = Whole<Schemas["IntakeView"]>;
export type Topology = Whole<Schemas["TopologyView"]>;
export type Lab = Whole<Schemas["LabView"]>;
export type ServerInfo = Whole<Schemas["ServerView"]>;
export type Problem = Whole<Schemas["Problem"]>;

export interface Page<Row> {
  items: Row[];
  next_cursor: string | null;
}
