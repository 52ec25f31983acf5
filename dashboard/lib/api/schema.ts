// Generated from docs/openapi.json by `npm run types`.
export interface paths {
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Agents
         * @description List the agents: how their last 100 phases went, and how often what they said was right.
         *
         *     `accuracy` counts resolved incidents whose truth is known: a person confirmed the cause or declared a false
         *     alarm, or, weaker, a fix aimed at the cause was verified. Intervals are Wilson's at 95 %; below 30 incidents
         *     an agent is `calibrated: false`. Drills and real incidents are never mixed.
         */
        get: operations["list_agents_api_v1_agents_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Alerts
         * @description List alerts, the newest received first; those that wait below the threshold have an empty `incident_id`.
         */
        get: operations["list_alerts_api_v1_alerts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/autonomy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Autonomy
         * @description List what each action has earned on each kind of service, and why.
         */
        get: operations["list_autonomy_api_v1_autonomy_get"];
        put?: never;
        /**
         * Override Autonomy
         * @description Set, or with null take back, a person's word on an action; it holds until it is changed.
         */
        post: operations["override_autonomy_api_v1_autonomy_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Incidents
         * @description List incidents: open ones by who wants a person, severity and age; with ended ones the newest first.
         */
        get: operations["list_incidents_api_v1_incidents_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Incident
         * @description Return all that is known of an incident, its timeline with it.
         */
        get: operations["get_incident_api_v1_incidents__incident_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge Incident
         * @description Take an open incident. 409 `already_owned` when somebody else has it: `take_over` takes it from them.
         */
        post: operations["acknowledge_incident_api_v1_incidents__incident_id__acknowledge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve Incident
         * @description Say yes to exactly this plan; 409 when it changed meanwhile or time ran out.
         */
        post: operations["approve_incident_api_v1_incidents__incident_id__approve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/cause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cause Incident
         * @description Say which service and cause it was, in any state; without a service, none of those that were named.
         */
        post: operations["cause_incident_api_v1_incidents__incident_id__cause_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close Incident
         * @description File a resolved incident.
         */
        post: operations["close_incident_api_v1_incidents__incident_id__close_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Events
         * @description Return what the log holds of an incident after an offset.
         */
        get: operations["get_events_api_v1_incidents__incident_id__events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/look_again": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Look Again Incident
         * @description Have the agents look again, also after they handed over; 409 while they are at work or once it ended.
         */
        post: operations["look_again_incident_api_v1_incidents__incident_id__look_again_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Merge Incident
         * @description Make an incident part of another that is open.
         */
        post: operations["merge_incident_api_v1_incidents__incident_id__merge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Notes Incident
         * @description Write something down.
         */
        post: operations["notes_incident_api_v1_incidents__incident_id__notes_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reject Incident
         * @description Say no to exactly this plan.
         */
        post: operations["reject_incident_api_v1_incidents__incident_id__reject_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reopen Incident
         * @description Take up an incident that had ended.
         */
        post: operations["reopen_incident_api_v1_incidents__incident_id__reopen_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resolve Incident
         * @description Declare that the service is restored, or with `false_alarm` that nothing was ever wrong.
         */
        post: operations["resolve_incident_api_v1_incidents__incident_id__resolve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/severity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Severity Incident
         * @description Say how bad it is.
         */
        post: operations["severity_incident_api_v1_incidents__incident_id__severity_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/take_back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take Back Incident
         * @description Have a change that Quell made taken back, in any state of the incident; 409 says why it cannot be.
         */
        post: operations["take_back_incident_api_v1_incidents__incident_id__take_back_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{incident_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Timeline
         * @description Return what happened, said for a person, after a position.
         *
         *     An entry may be told anew under its old position, when it counts alerts or progress; the live channel says so.
         */
        get: operations["get_timeline_api_v1_incidents__incident_id__timeline_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/intake": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Intake
         * @description Count alerts by the stage that ended their way; received is the sum of the others.
         */
        get: operations["get_intake_api_v1_intake_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lab": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Lab
         * @description Return whether a lab runs, and its drill.
         */
        get: operations["get_lab_api_v1_lab_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lab/drills": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Drill
         * @description Break something in the lab, for real. What it is, nobody here is told.
         */
        post: operations["start_drill_api_v1_lab_drills_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Outcomes
         * @description Return how incidents of one kind went that began in a window: figures, counts, quality, what was left out.
         */
        get: operations["outcomes_api_v1_outcomes_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/assumptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Assumptions
         * @description List every version of the assumptions, newest first: what was given, by whom, and why.
         */
        get: operations["list_assumptions_api_v1_outcomes_assumptions_get"];
        /**
         * Set Assumptions
         * @description Set a new version of the assumptions; refused when another one was set meanwhile.
         */
        put: operations["set_assumptions_api_v1_outcomes_assumptions_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/definitions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Outcome Definitions
         * @description Return what every figure and every method means, when it says nothing, and its sources.
         */
        get: operations["outcome_definitions_api_v1_outcomes_definitions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export Outcomes
         * @description Return every record that is kept one by one, newest first, as CSV (RFC 4180) or as a JSON array.
         */
        get: operations["export_outcomes_api_v1_outcomes_export_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Incidents
         * @description Take over incidents of the past; each counts once however often it is sent.
         */
        post: operations["import_incidents_api_v1_outcomes_imports_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Outcome Records
         * @description List the records that figures are computed from, newest first; of imported ones the newest only.
         */
        get: operations["outcome_records_api_v1_outcomes_records_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/records/{incident_id}/corrections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Correct Record
         * @description Correct the record of an incident; every figure follows, of whatever day it was.
         */
        post: operations["correct_record_api_v1_outcomes_records__incident_id__corrections_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/savings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Outcome Savings
         * @description Return what was saved, signed, as a range; minutes without money where no price was given.
         */
        get: operations["outcome_savings_api_v1_outcomes_savings_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outcomes/trend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Outcome Trend
         * @description Return the word of the week, a line of 90 days, every incident in it, and what was done last.
         */
        get: operations["outcome_trend_api_v1_outcomes_trend_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/preventions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Preventions
         * @description List what was expected to run out, newest first, with how it came out.
         */
        get: operations["list_preventions_api_v1_preventions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rejected": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Rejected
         * @description List the last requests that could not be taken, the newest first.
         */
        get: operations["list_rejected_api_v1_rejected_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runbooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Runbooks
         * @description List the runbooks by name: what each is for, what it does, and how that came out so far.
         */
        get: operations["list_runbooks_api_v1_runbooks_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Server
         * @description Return what this server is.
         */
        get: operations["get_server_api_v1_server_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/silences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Silences
         * @description List silences: those in force first, then those to come, then those that are over.
         */
        get: operations["list_silences_api_v1_silences_get"];
        put?: never;
        /**
         * Begin Silence
         * @description Keep matching alerts out of incidents for a while; they are counted all the same.
         */
        post: operations["begin_silence_api_v1_silences_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/silences/{silence_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End Silence
         * @description End a silence before its time; ending one that is over changes nothing.
         */
        delete: operations["end_silence_api_v1_silences__silence_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/topology": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Topology
         * @description Return who calls whom.
         */
        get: operations["get_topology_api_v1_topology_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dashboard/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Health
         * @description Say in one sentence how Quell is.
         */
        get: operations["get_health_dashboard_health_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dashboard/health/detailed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Health Report
         * @description Say how each part of Quell is, what was measured, and since when.
         */
        get: operations["get_health_report_dashboard_health_detailed_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Alive
         * @description Answer: the process is alive, whatever its state.
         */
        get: operations["get_alive_healthz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ingest/{source}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take alerts
         * @description Takes alerts from a configured source. 202 means that what follows from them is on disk.
         */
        post: operations["take_alerts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Ready
         * @description Answer 200 when the log can be written and the read models are up to date; else 503 with the reasons.
         */
        get: operations["get_ready_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take log records
         * @description OTLP/HTTP 1.x: takes log records from OpenTelemetry exporters; answers in the type of the body.
         */
        post: operations["take_log_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take spans
         * @description OTLP/HTTP 1.x: takes spans from OpenTelemetry exporters; answers in the type of the body.
         */
        post: operations["take_spans"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Accuracy
         * @description How often an agent was right in one group of resolved incidents; see `says` in words.
         */
        Accuracy: {
            /** Abstained */
            abstained: number;
            /** Bins */
            bins: components["schemas"]["Bin"][];
            /** Brier */
            brier: number | null;
            /** By Person */
            by_person: number;
            /** Calibrated */
            calibrated: boolean;
            /** Coverage */
            coverage: number | null;
            /** Ece */
            ece: number | null;
            /** High95 */
            high95: number | null;
            /** In Interval */
            in_interval: number | null;
            /** Low95 */
            low95: number | null;
            /** N */
            n: number;
            /** Needed */
            needed: number;
            of: components["schemas"]["Group"];
            /** Pairs */
            pairs: number;
            /** Precision */
            precision: number | null;
            /** Recall */
            recall: number | null;
            /** Resolved */
            resolved: number;
            /** Right */
            right: number;
            /** Says */
            says: string;
            /** Share Right */
            share_right: number | null;
            /** Unknown */
            unknown: number;
            /** Wrong */
            wrong: number;
        };
        /**
         * Acknowledge
         * @description Take an incident; the first who does keeps it.
         */
        Acknowledge: {
            /** By */
            by?: string | null;
            /**
             * Note
             * @default
             */
            note: string;
            /**
             * Take Over
             * @default false
             */
            take_over: boolean;
        };
        /**
         * ActionApproved
         * @description A person, or policy, said yes to exactly this plan.
         */
        ActionApproved: {
            /** By */
            by: string;
            /** Plan Id */
            plan_id: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * ActionBroke
         * @description The change did not complete; what it had done so far is in `output`.
         */
        ActionBroke: {
            /** Action */
            action: string;
            /** Error */
            error: string;
            /**
             * Output
             * @default
             */
            output: string;
            /** Plan Id */
            plan_id: string;
            /** Target */
            target: string;
        };
        /**
         * ActionFinished
         * @description The change was made.
         */
        ActionFinished: {
            /** Action */
            action: string;
            /** Output */
            output: string;
            /** Plan Id */
            plan_id: string;
            /** Target */
            target: string;
            /** Took S */
            took_s: number;
            /** Undo Params */
            undo_params: {
                [key: string]: string;
            };
        };
        /**
         * ActionRejected
         * @description A person said no.
         */
        ActionRejected: {
            /** By */
            by: string;
            /** Plan Id */
            plan_id: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * ActionStarted
         * @description The change is about to be made; `key` makes it happen once.
         */
        ActionStarted: {
            /** Action */
            action: string;
            /** Key */
            key: string;
            /** Plan Id */
            plan_id: string;
            /** Target */
            target: string;
            /** Undo Params */
            undo_params?: {
                [key: string]: string;
            };
        };
        /**
         * ActionUndone
         * @description The change was taken back: by the agents because it did not help, or because a person asked for it.
         */
        ActionUndone: {
            /** Action */
            action: string;
            /**
             * By
             * @default
             */
            by: string;
            /** Output */
            output: string;
            /** Plan Id */
            plan_id: string;
            /**
             * Request
             * @default 0
             */
            request: number;
            /** Target */
            target: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * ActionView
         * @description An action that was started.
         */
        ActionView: {
            /** Action */
            action: string;
            /**
             * Being Taken Back
             * @default false
             */
            being_taken_back: boolean;
            /**
             * Can Take Back
             * @default false
             */
            can_take_back: boolean;
            /** Ended At */
            ended_at: string | null;
            /** Output */
            output: string;
            /** Plan Id */
            plan_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** State */
            state: string;
            /**
             * Take Back Says
             * @default
             */
            take_back_says: string;
            /** Taken Back By */
            taken_back_by?: string | null;
            /** Target */
            target: string;
            /** Verdict */
            verdict: string | null;
        };
        /**
         * AgentReport
         * @description How an agent is doing now, and how often it was right.
         */
        AgentReport: {
            /** Abstained */
            abstained: number;
            /** Accuracy */
            accuracy: components["schemas"]["Accuracy"][];
            /** Agent */
            agent: string;
            /** Completed */
            completed: number;
            /** Failed */
            failed: number;
            /** Last Ended At */
            last_ended_at: string | null;
            /** Last Error */
            last_error: string | null;
            /** Median S */
            median_s: number | null;
            /** P95 S */
            p95_s: number | null;
            /** Running */
            running: string[];
            /** Says */
            says: string;
            /** State */
            state: string;
            /** Timed Out */
            timed_out: number;
        };
        /**
         * Alert
         * @description One alert. Text in it comes from outside and is never trusted.
         */
        Alert: {
            /** Annotations */
            annotations?: {
                [key: string]: string;
            };
            /** Ends At */
            ends_at?: string | null;
            /** Fingerprint */
            fingerprint: string;
            /**
             * Group
             * @default
             */
            group: string;
            /** Labels */
            labels?: {
                [key: string]: string;
            };
            /** Link */
            link?: string | null;
            /** Name */
            name: string;
            /**
             * Notes
             * @default []
             */
            notes: string[];
            /**
             * Org
             * @default
             */
            org: string;
            /**
             * Received At
             * Format: date-time
             */
            received_at: string;
            /**
             * Sender Key
             * @default
             */
            sender_key: string;
            /** Service */
            service: string | null;
            severity: components["schemas"]["Severity"];
            /** Severity Known */
            severity_known: boolean;
            /** Severity Raw */
            severity_raw: string;
            /** Source */
            source: string;
            /**
             * Starts At
             * Format: date-time
             */
            starts_at: string;
            status: components["schemas"]["AlertStatus"];
            /**
             * Test
             * @default
             */
            test: string;
        };
        /**
         * AlertCounts
         * @description Alerts of an incident.
         */
        AlertCounts: {
            /** Firing */
            firing: number;
            /** Kinds */
            kinds: number;
            /** Total */
            total: number;
        };
        /**
         * AlertFlapping
         * @description An alert of this incident keeps changing between firing and resolved.
         */
        AlertFlapping: {
            /** Changes */
            changes: number;
            /** Fingerprint */
            fingerprint: string;
            /** Name */
            name: string;
            /** Within S */
            within_s: number;
        };
        /**
         * AlertGrouped
         * @description An alert joined this incident.
         */
        AlertGrouped: {
            alert: components["schemas"]["Alert"];
            /** Why */
            why: string;
        };
        /**
         * AlertHeld
         * @description An alert alone is not past the threshold of an incident; it waits in its group.
         */
        AlertHeld: {
            alert: components["schemas"]["Alert"];
            /**
             * Group
             * @default
             */
            group: string;
            /** Why */
            why: string;
        };
        /**
         * AlertResolved
         * @description The sender says that an alert of this incident no longer fires.
         */
        AlertResolved: {
            /**
             * Ended At
             * Format: date-time
             */
            ended_at: string;
            /** Fingerprint */
            fingerprint: string;
            /** Name */
            name: string;
            /** Starts At */
            starts_at?: string | null;
        };
        /**
         * AlertsBody
         * @description One alert of Quell's own form, several in `alerts`, or the webhook of Alertmanager or Grafana.
         */
        AlertsBody: components["schemas"]["SimpleAlert"] | {
            alerts: (components["schemas"]["SimpleAlert"] | Record<string, never>)[];
        };
        /**
         * AlertSilenced
         * @description A silence keeps back an alert that would have been news; it is looked at again when the silence is over.
         */
        AlertSilenced: {
            alert: components["schemas"]["Alert"];
            /** Silence Id */
            silence_id: string;
        };
        /**
         * AlertsNotSent
         * @description The sender of alerts of this incident left some of their group out of its message, as it was set up to.
         */
        AlertsNotSent: {
            /** Count */
            count: number;
            /** Group */
            group: string;
            /** Source */
            source: string;
        };
        /**
         * AlertStatus
         * @description Whether the condition holds.
         * @enum {string}
         */
        AlertStatus: "firing" | "resolved";
        /**
         * AlertView
         * @description An alert as its incident shows it.
         */
        AlertView: {
            /** Annotations */
            annotations: {
                [key: string]: string;
            };
            /** Fingerprint */
            fingerprint: string;
            /**
             * Flagged
             * @default []
             */
            flagged: string[];
            /** Flapping */
            flapping: boolean;
            /** Incident Id */
            incident_id: string;
            /** Labels */
            labels: {
                [key: string]: string;
            };
            /** Link */
            link: string | null;
            /** Name */
            name: string;
            /**
             * Notes
             * @default []
             */
            notes: string[];
            /**
             * Received At
             * Format: date-time
             */
            received_at: string;
            /** Service */
            service: string | null;
            severity: components["schemas"]["Severity"];
            /** Severity Known */
            severity_known: boolean;
            /** Severity Raw */
            severity_raw: string;
            /** Source */
            source: string;
            /**
             * Starts At
             * Format: date-time
             */
            starts_at: string;
            status: components["schemas"]["AlertStatus"];
            /**
             * Test
             * @default false
             */
            test: boolean;
            /** Why */
            why: string;
        };
        /**
         * Alive
         * @description The process answers.
         */
        Alive: {
            /** State */
            state: string;
        };
        /**
         * ApprovalExpired
         * @description Nobody answered in time.
         */
        ApprovalExpired: {
            /** Plan Id */
            plan_id: string;
        };
        /**
         * ApprovalRequested
         * @description A person is wanted.
         */
        ApprovalRequested: {
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Plan Id */
            plan_id: string;
            /** Reason */
            reason: string;
        };
        /**
         * ApprovalView
         * @description A question to a person, and the answer once there is one.
         */
        ApprovalView: {
            /** Answer */
            answer: string | null;
            /** Answered At */
            answered_at: string | null;
            /** By */
            by: string | null;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Plan Id */
            plan_id: string;
            /** Reason */
            reason: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /** Title */
            title: string;
        };
        /**
         * ApprovalWithdrawn
         * @description Nobody needs to answer any more; a yes that comes at the same moment changes nothing.
         */
        ApprovalWithdrawn: {
            /** Plan Id */
            plan_id: string;
            /** Reason */
            reason: string;
        };
        /**
         * Approve
         * @description Say yes to exactly this plan.
         */
        Approve: {
            /** By */
            by?: string | null;
            /** Plan Id */
            plan_id: string;
        };
        /**
         * Argument
         * @description Why a piece of evidence speaks for or against a hypothesis.
         */
        Argument: {
            /** Evidence Id */
            evidence_id: string;
            /** Says */
            says: string;
            /** Weight */
            weight: number;
        };
        /**
         * Assumptions
         * @description One version of what the customer says; each part may be None, not given, and then nothing is made up for it.
         *
         *     Raises: ValueError: a range that does not rise from above zero, half a range, or an amount below zero.
         */
        Assumptions: {
            /** Cost Cap */
            cost_cap?: number | null;
            /** Cost Per Minute High */
            cost_per_minute_high?: number | null;
            /** Cost Per Minute Low */
            cost_per_minute_low?: number | null;
            /**
             * Currency
             * @default USD
             */
            currency: string;
            /**
             * Reason
             * @default
             */
            reason: string;
            /** Running Cost Month */
            running_cost_month?: number | null;
            /** Set At */
            set_at?: string | null;
            /**
             * Set By
             * @default
             */
            set_by: string;
            /** Target S */
            target_s?: {
                [key: string]: number;
            } | null;
            /** Version */
            version: number;
        };
        /**
         * AssumptionsSet
         * @description What the customer says a minute is worth, and what is good enough; each change is a new version.
         */
        AssumptionsSet: {
            /** By */
            by: string;
            /** Cost Cap */
            cost_cap: number | null;
            /** Cost Per Minute High */
            cost_per_minute_high: number | null;
            /** Cost Per Minute Low */
            cost_per_minute_low: number | null;
            /** Currency */
            currency: string;
            /** Reason */
            reason: string;
            /** Running Cost Month */
            running_cost_month: number | null;
            /** Target S */
            target_s: {
                [key: string]: number;
            };
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
            /** Version */
            version: number;
        };
        /**
         * Autonomy
         * @description What policy lets Quell do with an action, from least to most.
         * @enum {string}
         */
        Autonomy: "observe" | "recommend" | "approve" | "auto";
        /**
         * AutonomyOverridden
         * @description A person sets what an action may do on a kind of service, over what it has earned.
         */
        AutonomyOverridden: {
            /** Action */
            action: string;
            autonomy: components["schemas"]["Autonomy"] | null;
            /** By */
            by: string;
            /** Kind */
            kind: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * BatchTaken
         * @description One request's alerts by the stage that ended their way; received is the sum of the others.
         */
        BatchTaken: {
            /** Duplicate */
            duplicate: number;
            /** Early Ends */
            early_ends?: {
                [key: string]: components["schemas"]["EarlyEnd"];
            };
            /**
             * Ended
             * @default []
             */
            ended: string[];
            /**
             * Ends Unmatched
             * @default 0
             */
            ends_unmatched: number;
            /** Grouped */
            grouped: number;
            /** Later Starts */
            later_starts?: {
                [key: string]: string;
            };
            /**
             * Not Sent
             * @default 0
             */
            not_sent: number;
            /** Opening */
            opening: number;
            /** Received */
            received: number;
            /** Rejected */
            rejected: number;
            /** Repeats */
            repeats?: {
                [key: string]: number;
            };
            /** Silenced */
            silenced: number;
            /** Silenced By */
            silenced_by?: {
                [key: string]: number;
            };
            /** Source */
            source: string;
            /**
             * Tests
             * @default 0
             */
            tests: number;
        };
        /**
         * Bin
         * @description Predictions of about the same probability, and how often they came true.
         */
        Bin: {
            /** Count */
            count: number;
            /** High */
            high: number;
            /** High95 */
            high95: number;
            /** Low */
            low: number;
            /** Low95 */
            low95: number;
            /** Mean Probability */
            mean_probability: number;
            /** Share Right */
            share_right: number;
        };
        /**
         * BodyRejected
         * @description A request that could not be taken, kept so that a person can see it.
         */
        BodyRejected: {
            /** Alerts */
            alerts: number;
            /** Body */
            body: string;
            /** Body Bytes */
            body_bytes: number;
            /** Detail */
            detail: string;
            /** Reason */
            reason: string;
            /** Source */
            source: string;
        };
        /**
         * BreachForecast
         * @description The standing watch expects a limit to be reached: a prevention case begins.
         */
        BreachForecast: {
            forecast: components["schemas"]["Forecast"];
            /** Says */
            says: string;
            /** Value */
            value: number;
        };
        /**
         * Cause
         * @description What about a service can be wrong: the kinds diagnosis tells apart.
         * @enum {string}
         */
        Cause: "bad_release" | "bad_config" | "slow_dependency" | "pool_exhaustion" | "memory_leak" | "crash_loop" | "traffic_surge" | "cpu_saturation" | "lock_contention" | "cache_stampede" | "disk_full" | "noisy_neighbour" | "retry_storm" | "unknown";
        /**
         * CauseConfirmed
         * @description A person says what it was; the newest one counts.
         */
        CauseConfirmed: {
            /** By */
            by: string;
            cause: components["schemas"]["Cause"] | null;
            /** Service */
            service: string | null;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * Change
         * @description A recorded change: a deploy, a config value, a flag.
         */
        Change: {
            /** After */
            after: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Before */
            before: string;
            /** By */
            by: string;
            /** Kind */
            kind: string;
            /** Service */
            service: string;
            /** What */
            what: string;
        };
        /**
         * ChangeSeverity
         * @description Say how bad it is.
         */
        ChangeSeverity: {
            /** By */
            by?: string | null;
            /** Reason */
            reason: string;
            severity: components["schemas"]["IncidentSeverity"];
        };
        /**
         * Checks
         * @description How a runbook wants its effect verified, where that differs from what the settings say for any incident.
         */
        Checks: {
            /**
             * Series
             * @default []
             */
            series: string[];
            /** Steady */
            steady?: number | null;
            /** Within S */
            within_s?: number | null;
        };
        /**
         * Clock
         * @description Where a time comes from.
         * @enum {string}
         */
        Clock: "machine" | "imported" | "typed";
        /**
         * Close
         * @description File a resolved incident.
         */
        Close: {
            /** By */
            by?: string | null;
            /**
             * Reason
             * @default closed
             */
            reason: string;
        };
        /**
         * Component
         * @description How a component is, and since when it has been so.
         */
        Component: {
            /** Kind */
            kind: string;
            /** Measured */
            measured: {
                [key: string]: number | string | null;
            };
            /** Name */
            name: string;
            /** Says */
            says: string;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** State */
            state: string;
        };
        /**
         * Confidence
         * @description What a figure is worth, in one word.
         * @enum {string}
         */
        Confidence: "high" | "medium" | "low" | "not_enough_data";
        /**
         * ConfirmCause
         * @description Say what it was: what diagnosis named is counted as right or wrong by that.
         */
        ConfirmCause: {
            /** By */
            by?: string | null;
            cause?: components["schemas"]["Cause"] | null;
            /** Service */
            service?: string | null;
        };
        /**
         * Correction
         * @description What a record should have said; what is left out stays as it is.
         */
        Correction: {
            /** By */
            by?: string | null;
            /** Detected At */
            detected_at?: string | "" | null;
            /**
             * Even If Out Of Order
             * @default false
             */
            even_if_out_of_order: boolean;
            /** Kind */
            kind?: ("real" | "drill" | "maintenance") | null;
            /** Reason */
            reason: string;
            /** Restored At */
            restored_at?: string | "" | null;
            /** Restored By */
            restored_by?: ("quell" | "person" | "itself" | "unknown") | null;
            /** Service */
            service?: string | null;
            /** Severity */
            severity?: string | null;
            /** Started At */
            started_at?: string | "" | null;
            /** Team */
            team?: string | null;
        };
        /**
         * Counterfactual
         * @description What would have been without Quell, and how one knows.
         * @enum {string}
         */
        Counterfactual: "hold_out" | "baseline" | "none";
        /**
         * Counts
         * @description Incidents of the window, by what became of them.
         */
        Counts: {
            /** Attempts */
            attempts: number;
            /** False Alarms */
            false_alarms: number;
            /** Handled */
            handled: number;
            /** Held Out */
            held_out: number;
            /** Merged */
            merged: number;
            /** Open */
            open: number;
            /** Prevented */
            prevented: number;
            /** Reopened */
            reopened: number;
            /** Restored By */
            restored_by: {
                [key: string]: number;
            };
            /** Undecided */
            undecided: number;
            /** Verified */
            verified: number;
        };
        /**
         * Decision
         * @description What was decided, and on what.
         */
        Decision: {
            /** Detectable */
            detectable: number | null;
            /** N After */
            n_after: number;
            /** N Before */
            n_before: number;
            /** Open After */
            open_after: number;
            /** Open Before */
            open_before: number;
            /** P */
            p: number | null;
            /** Quality */
            quality: number | null;
            ratio: components["schemas"]["Estimate"];
            /** Says */
            says: string;
            word: components["schemas"]["Word"];
        };
        /**
         * Definition
         * @description One figure, or one way to get an interval.
         */
        Definition: {
            /** Formula */
            formula: string;
            /** Key */
            key: string;
            /**
             * Method
             * @default false
             */
            method: boolean;
            /** Reads */
            reads: string;
            /** Says Nothing When */
            says_nothing_when: string;
            /**
             * Sources
             * @default []
             */
            sources: string[];
            /** Title */
            title: string;
        };
        /**
         * Detected
         * @description Detection's finding.
         */
        Detected: {
            finding: components["schemas"]["Detection"];
        };
        /**
         * Detection
         * @description What detection found: `confirmed`, `no_sign` (looked, nothing) or `no_data` (could not look).
         */
        Detection: {
            /**
             * Evidence
             * @default []
             */
            evidence: components["schemas"]["Evidence"][];
            /**
             * Gaps
             * @default []
             */
            gaps: components["schemas"]["Gap"][];
            /**
             * Indicators
             * @default []
             */
            indicators: components["schemas"]["Indicator"][];
            /** Onset */
            onset?: string | null;
            /** Onset Error S */
            onset_error_s?: number | null;
            /** Says */
            says: string;
            /**
             * Services
             * @default []
             */
            services: string[];
            /** Verdict */
            verdict: string;
        };
        /**
         * Diagnosed
         * @description Diagnosis' finding.
         */
        Diagnosed: {
            finding: components["schemas"]["Diagnosis"];
        };
        /**
         * Diagnosis
         * @description Ranked causes, or an abstention that says why.
         */
        Diagnosis: {
            /** Abstained */
            abstained: boolean;
            /**
             * Calibrated On
             * @default 0
             */
            calibrated_on: number;
            /**
             * Elsewhere
             * @default []
             */
            elsewhere: components["schemas"]["Elsewhere"][];
            /**
             * Evidence
             * @default []
             */
            evidence: components["schemas"]["Evidence"][];
            /**
             * Gaps
             * @default []
             */
            gaps: components["schemas"]["Gap"][];
            /** Hypotheses */
            hypotheses: components["schemas"]["Hypothesis"][];
            /** None Of These */
            none_of_these: number;
            /** Says */
            says: string;
            /**
             * Similar
             * @default []
             */
            similar: components["schemas"]["SimilarIncident"][];
        };
        /**
         * Did
         * @description One of the last things that happened, for the row at the end of the executives' page.
         */
        Did: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Did */
            did: string;
            /** Id */
            id: string;
            /** Imported */
            imported: boolean;
            /** Lasted S */
            lasted_s: number | null;
            /** Prevented */
            prevented: boolean;
            /** Restored By */
            restored_by: string;
            /** Title */
            title: string;
        };
        /**
         * Dot
         * @description One incident on the picture of the last 90 days.
         */
        Dot: {
            /**
             * Began At
             * Format: date-time
             */
            began_at: string;
            /** Id */
            id: string;
            /** Imported */
            imported: boolean;
            /** Lasted S */
            lasted_s: number;
            /** Open */
            open: boolean;
            /** Restored By */
            restored_by: string;
            /** Service */
            service: string;
            /** Severity */
            severity: string;
            /** Title */
            title: string;
        };
        /**
         * Drill
         * @description A drill under way. What it breaks is for the agents to find out.
         */
        Drill: {
            /** Id */
            id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** State */
            state: string;
        };
        /**
         * EarlyEnd
         * @description The end of a firing that was not known to fire: it may arrive before the firing itself.
         */
        EarlyEnd: {
            /** Ended At */
            ended_at: string | null;
            /** Starts At */
            starts_at: string | null;
        };
        /**
         * Elsewhere
         * @description Trouble at the same time on a service that no known link leads to: never a cause of this incident.
         */
        Elsewhere: {
            /** Incident Id */
            incident_id?: string | null;
            /** Says */
            says: string;
            /** Service */
            service: string;
        };
        /**
         * Escalated
         * @description Quell hands over to a person and says what it knows and lacks.
         */
        Escalated: {
            /**
             * Missing
             * @default []
             */
            missing: string[];
            /** Reason */
            reason: string;
        };
        /**
         * Estimate
         * @description A value and its interval; without enough to go on, neither, and a word why.
         */
        Estimate: {
            /** High */
            high: number | null;
            /**
             * Level
             * @default 0.95
             */
            level: number;
            /** Low */
            low: number | null;
            /** Method */
            method: string;
            /** N */
            n: number;
            /**
             * Open
             * @default 0
             */
            open: number;
            /**
             * Says
             * @default
             */
            says: string;
            /** Unit */
            unit: string;
            /** Value */
            value: number | null;
        };
        /**
         * Evidence
         * @description A piece of evidence with everything needed to judge it: the data, the exact query and the window.
         *
         *     Only the field of its kind is filled: `series`, `patterns` or `changes`; topology puts its edges in `edges`.
         */
        Evidence: {
            /**
             * Changes
             * @default []
             */
            changes: components["schemas"]["Change"][];
            /**
             * Edges
             * @default []
             */
            edges: string[][];
            /**
             * Flagged
             * @default []
             */
            flagged: string[];
            /** Id */
            id: string;
            kind: components["schemas"]["EvidenceKind"];
            /** Limit */
            limit?: number | null;
            /** Normal High */
            normal_high?: number | null;
            /** Normal Low */
            normal_low?: number | null;
            /** Onset */
            onset?: string | null;
            /**
             * Patterns
             * @default []
             */
            patterns: components["schemas"]["LogPattern"][];
            /** Query */
            query: string;
            /** Says */
            says: string;
            /**
             * Series
             * @default []
             */
            series: components["schemas"]["Series"][];
            /** Service */
            service?: string | null;
            /** Source */
            source: string;
            /** Title */
            title: string;
            /**
             * Unit
             * @default
             */
            unit: string;
            window: components["schemas"]["Window"];
        };
        /**
         * EvidenceKind
         * @description What sort of thing was looked at.
         * @enum {string}
         */
        EvidenceKind: "metric" | "log" | "trace" | "change" | "topology";
        /**
         * Exclusion
         * @description Incidents that a figure leaves out, and why.
         */
        Exclusion: {
            /** N */
            n: number;
            /** Why */
            why: string;
        };
        /**
         * FalseAlarmDeclared
         * @description A person says that nothing was wrong; it counts until the incident is reopened.
         */
        FalseAlarmDeclared: {
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * Figure
         * @description One figure of a report.
         */
        Figure: {
            confidence: components["schemas"]["Confidence"];
            estimate: components["schemas"]["Estimate"];
            /** K */
            k?: number | null;
            /** Key */
            key: string;
            /** Title */
            title: string;
        };
        /**
         * Forecast
         * @description When something runs out or crosses its limit if nothing is done, with an interval.
         */
        Forecast: {
            /** Evidence Id */
            evidence_id: string;
            /** High S */
            high_s: number | null;
            /** In S */
            in_s: number | null;
            /** Level */
            level: number;
            /** Limit */
            limit: number;
            /** Limit Is */
            limit_is: string;
            /** Low S */
            low_s: number | null;
            /**
             * Made At
             * Format: date-time
             */
            made_at: string;
            /** Method */
            method: string;
            /** Series */
            series: string;
            /** Service */
            service: string;
            /** Unit */
            unit: string;
        };
        /**
         * Gap
         * @description Something that was not looked at, and why.
         */
        Gap: {
            /** Reason */
            reason: string;
            /** Source */
            source: string;
        };
        /**
         * Group
         * @description Which incidents are counted.
         * @enum {string}
         */
        Group: "real" | "drills";
        /**
         * HealthReport
         * @description How the whole is, and each part.
         */
        HealthReport: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Components */
            components: components["schemas"]["Component"][];
            /** Says */
            says: string;
            /** State */
            state: string;
        };
        /**
         * Hypothesis
         * @description A service and what may be wrong about it.
         */
        Hypothesis: {
            /**
             * Against
             * @default []
             */
            against: components["schemas"]["Argument"][];
            /** Calibrated */
            calibrated: boolean;
            cause: components["schemas"]["Cause"];
            /** Id */
            id: string;
            /**
             * In Favour
             * @default []
             */
            in_favour: components["schemas"]["Argument"][];
            /** Probability */
            probability: number;
            /** Score */
            score?: number | null;
            /** Service */
            service: string;
            /**
             * Subject
             * @default
             */
            subject: string;
            /** Title */
            title: string;
        };
        /**
         * Imported
         * @description What became of them: `received` is the sum of the others.
         */
        Imported: {
            /** Dry Run */
            dry_run: boolean;
            /** Imported */
            imported: number;
            /** Known */
            known: number;
            /** Received */
            received: number;
            /** Rejected */
            rejected: components["schemas"]["RejectedPast"][];
        };
        /**
         * IncidentAcknowledged
         * @description Somebody owns it now.
         */
        IncidentAcknowledged: {
            /** By */
            by: string;
            /**
             * Note
             * @default
             */
            note: string;
            /**
             * Taken From
             * @default
             */
            taken_from: string;
            /**
             * Taken From Typed Name
             * @default
             */
            taken_from_typed_name: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * IncidentDetail
         * @description All that is known of an incident.
         */
        IncidentDetail: {
            /** Actions */
            actions: components["schemas"]["ActionView"][];
            /** Alerts */
            alerts: components["schemas"]["AlertView"][];
            cause_confirmed?: components["schemas"]["CauseConfirmed"] | null;
            detection: components["schemas"]["Detection"] | null;
            diagnosis: components["schemas"]["Diagnosis"] | null;
            escalation: components["schemas"]["Escalated"] | null;
            /** Evidence */
            evidence?: {
                [key: string]: components["schemas"]["Evidence"];
            };
            /**
             * False Alarm
             * @default false
             */
            false_alarm: boolean;
            /** Gaps */
            gaps: components["schemas"]["Gap"][];
            /** Offset */
            offset: number;
            plan: components["schemas"]["Plan"] | null;
            prediction: components["schemas"]["Prediction"] | null;
            /**
             * Run Evidence
             * @default []
             */
            run_evidence: string[];
            summary: components["schemas"]["IncidentSummary"];
            /**
             * Timeline
             * @default []
             */
            timeline: components["schemas"]["TimelineEntry"][];
            verification: components["schemas"]["Verified"] | null;
        };
        /**
         * IncidentMerged
         * @description This incident is part of another; its alerts go there from now on.
         */
        IncidentMerged: {
            /** By */
            by: string;
            /** Into */
            into: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * IncidentOpened
         * @description Alerts crossed the threshold.
         */
        IncidentOpened: {
            /**
             * Drill
             * @default false
             */
            drill: boolean;
            /** Incident Id */
            incident_id: string;
            /** Reason */
            reason: string;
            /** Service */
            service: string | null;
            severity: components["schemas"]["IncidentSeverity"];
            /**
             * Team
             * @default default
             */
            team: string;
            /**
             * Test
             * @default false
             */
            test: boolean;
            /** Title */
            title: string;
        };
        /**
         * IncidentReopened
         * @description It came back within the reopen window, or a person reopened it.
         */
        IncidentReopened: {
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * IncidentSeverity
         * @description How bad an incident is; lower is worse.
         * @enum {string}
         */
        IncidentSeverity: "SEV1" | "SEV2" | "SEV3" | "SEV4" | "SEV5";
        /**
         * IncidentSummary
         * @description A row of the list.
         */
        IncidentSummary: {
            /** Acknowledged At */
            acknowledged_at: string | null;
            alerts: components["schemas"]["AlertCounts"];
            approval: components["schemas"]["ApprovalView"] | null;
            /** Drill */
            drill: boolean;
            /** Id */
            id: string;
            /** Merged Into */
            merged_into: string | null;
            /** Missing */
            missing: string[];
            /** Next Look At */
            next_look_at?: string | null;
            /**
             * Not Sent
             * @default 0
             */
            not_sent: number;
            /**
             * Open Since
             * Format: date-time
             */
            open_since: string;
            /**
             * Opened At
             * Format: date-time
             */
            opened_at: string;
            /** Outcome */
            outcome: string | null;
            /** Owned Since */
            owned_since: string | null;
            /** Owner */
            owner: string | null;
            /** Owner Typed Name */
            owner_typed_name: string;
            /** Phases */
            phases: components["schemas"]["PhaseView"][];
            /** Reopened */
            reopened: number;
            /** Resolved At */
            resolved_at: string | null;
            /** Responding */
            responding: boolean;
            /** Service */
            service: string | null;
            /** Services */
            services: string[];
            severity: components["schemas"]["IncidentSeverity"];
            state: components["schemas"]["State"];
            /** Summary */
            summary: string;
            /**
             * Team
             * @default default
             */
            team: string;
            /**
             * Test
             * @default false
             */
            test: boolean;
            /** Title */
            title: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Verified */
            verified: boolean;
            /** Wants */
            wants: string | null;
        };
        /**
         * Indicator
         * @description A service level indicator under watch, with its own past as the yardstick.
         */
        Indicator: {
            /** Bad When */
            bad_when: string;
            /** Evidence Id */
            evidence_id: string;
            /** Labels */
            labels: {
                [key: string]: string;
            };
            /** Normal High */
            normal_high: number;
            /** Normal Low */
            normal_low: number;
            /**
             * Onset
             * Format: date-time
             */
            onset: string;
            /** Series */
            series: string;
            /** Service */
            service: string;
            /** Unit */
            unit: string;
            /** Worst */
            worst: number;
        };
        /**
         * IntakeView
         * @description Alerts by stage since the log began: received = rejected + silenced + duplicate + grouped + opening.
         */
        IntakeView: {
            /** By Source */
            by_source: {
                [key: string]: components["schemas"]["StageCounts"];
            };
            /** Duplicate */
            duplicate: number;
            /**
             * Ends Unmatched
             * @default 0
             */
            ends_unmatched: number;
            /** Grouped */
            grouped: number;
            /** Held */
            held: number;
            last_minute: components["schemas"]["LastMinute"];
            /**
             * Not Sent
             * @default 0
             */
            not_sent: number;
            /** Opening */
            opening: number;
            /** Received */
            received: number;
            /** Rejected */
            rejected: number;
            /** Silenced */
            silenced: number;
            /** Since */
            since: string | null;
            /**
             * Tests
             * @default 0
             */
            tests: number;
        };
        /**
         * LabView
         * @description Whether there is a lab, and what goes on in it.
         */
        LabView: {
            drill: components["schemas"]["Drill"] | null;
            /** Drills Available */
            drills_available: boolean;
            /** Running */
            running: boolean;
        };
        /**
         * LastMinute
         * @description What the last 60 seconds brought.
         */
        LastMinute: {
            /** Incidents Opened */
            incidents_opened: number;
            /** Received */
            received: number;
        };
        /**
         * LogPattern
         * @description A log template and how often it was seen before and after the onset.
         */
        LogPattern: {
            /** Count After */
            count_after: number;
            /** Count Before */
            count_before: number;
            /** Example */
            example: string;
            /**
             * First Seen
             * Format: date-time
             */
            first_seen: string;
            /** Level */
            level: string;
            /** Service */
            service: string;
            /** Template */
            template: string;
        };
        /**
         * LookAgain
         * @description Have the agents look again.
         */
        LookAgain: {
            /** By */
            by?: string | null;
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * LookAgainRequested
         * @description A person wants the agents to look again.
         */
        LookAgainRequested: {
            /** By */
            by: string;
            /**
             * Reason
             * @default
             */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * LookedAgain
         * @description The agents looked once more at what they had handed over for want of a sign or a cause.
         *
         *     This one event is all that a look leaves which finds nothing new; with `news` a whole response follows.
         */
        LookedAgain: {
            /** Look Again At */
            look_again_at?: string | null;
            /**
             * News
             * @default false
             */
            news: boolean;
            /** Says */
            says: string;
            /** Verdict */
            verdict: string;
            /** Why */
            why: string;
        };
        /**
         * Matcher
         * @description A test on one label: `=`, `!=`, `=~`, `!~` (regular expressions match the whole value).
         */
        Matcher: {
            /** Label */
            label: string;
            /** Op */
            op: string;
            /** Value */
            value: string;
        };
        /**
         * Merge
         * @description Make an incident part of another that is open.
         */
        Merge: {
            /** By */
            by?: string | null;
            /** Into */
            into: string;
            /** Reason */
            reason: string;
        };
        /**
         * NewAssumptions
         * @description A new version, whole: what is left out is not given.
         */
        NewAssumptions: {
            /** Based On */
            based_on: number;
            /** By */
            by?: string | null;
            /** Cost Cap */
            cost_cap?: number | null;
            /** Cost Per Minute High */
            cost_per_minute_high?: number | null;
            /** Cost Per Minute Low */
            cost_per_minute_low?: number | null;
            /**
             * Currency
             * @default USD
             */
            currency: string;
            /** Reason */
            reason: string;
            /** Running Cost Month */
            running_cost_month?: number | null;
            /** Target S */
            target_s?: {
                [key: string]: number;
            };
        };
        /**
         * NewImport
         * @description Incidents to take over.
         */
        NewImport: {
            /** By */
            by?: string | null;
            /**
             * Dry Run
             * @default false
             */
            dry_run: boolean;
            /** Incidents */
            incidents: components["schemas"]["NewPast"][];
            /** Source */
            source: string;
        };
        /**
         * NewMatcher
         * @description A test on one label; regular expressions match the whole value.
         */
        NewMatcher: {
            /** Label */
            label: string;
            /**
             * Op
             * @default =
             */
            op: string;
            /** Value */
            value: string;
        };
        /**
         * NewPast
         * @description An incident as another tool has it. Times: ISO 8601 with a zone.
         */
        NewPast: {
            /** Acknowledged At */
            acknowledged_at?: string | null;
            /**
             * Alerts
             * @default 0
             */
            alerts: number;
            /** Closed At */
            closed_at?: string | null;
            /** Detected At */
            detected_at?: string | null;
            /**
             * Followed Up
             * @default false
             */
            followed_up: boolean;
            /** Id */
            id: string;
            /**
             * Kind
             * @default real
             * @enum {string}
             */
            kind: "real" | "drill" | "maintenance";
            /**
             * Not Recorded
             * @default []
             */
            not_recorded: ("service" | "team" | "severity" | "started_at" | "detected_at" | "acknowledged_at" | "restored_at" | "closed_at" | "restored_by" | "alerts" | "followed_up")[];
            /** Restored At */
            restored_at?: string | null;
            /**
             * Restored By
             * @default unknown
             * @enum {string}
             */
            restored_by: "quell" | "person" | "itself" | "unknown";
            /**
             * Service
             * @default
             */
            service: string;
            /**
             * Severity
             * @default
             */
            severity: string;
            /** Started At */
            started_at?: string | null;
            /**
             * Team
             * @default
             */
            team: string;
            /**
             * Title
             * @default
             */
            title: string;
        };
        /**
         * NewSilence
         * @description Which alerts to keep out of incidents, and until when.
         */
        NewSilence: {
            /** By */
            by?: string | null;
            /**
             * Comment
             * @default
             */
            comment: string;
            /**
             * Ends At
             * Format: date-time
             */
            ends_at: string;
            /** Matchers */
            matchers: components["schemas"]["NewMatcher"][];
            /** Starts At */
            starts_at?: string | null;
        };
        /**
         * Note
         * @description Write something down.
         */
        Note: {
            /** By */
            by?: string | null;
            /** Text */
            text: string;
        };
        /**
         * NoteAdded
         * @description Somebody wrote something down.
         */
        NoteAdded: {
            /** By */
            by: string;
            /** Text */
            text: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * Origin
         * @description What kind of incident it was; the kinds never mix in a figure.
         * @enum {string}
         */
        Origin: "real" | "drill" | "maintenance";
        /**
         * Outcome
         * @description How a forecast breach came out.
         * @enum {string}
         */
        Outcome: "prevented" | "missed" | "came_true" | "did_not_come_true" | "undecided";
        /**
         * OutcomeRecord
         * @description How one incident went, as far as it is known.
         */
        OutcomeRecord: {
            acknowledged: components["schemas"]["Stamp"] | null;
            /** Acknowledged By */
            acknowledged_by: string;
            /**
             * Alerts
             * @default 0
             */
            alerts: number;
            /**
             * Approved
             * @default false
             */
            approved: boolean;
            /**
             * Attempts
             * @default 0
             */
            attempts: number;
            closed: components["schemas"]["Stamp"] | null;
            /**
             * Corrected
             * @default false
             */
            corrected: boolean;
            /** Cost Usd */
            cost_usd?: number | null;
            detected: components["schemas"]["Stamp"] | null;
            /**
             * Did
             * @default
             */
            did: string;
            /**
             * Edited By
             * @default
             */
            edited_by: string;
            /**
             * False Alarm
             * @default false
             */
            false_alarm: boolean;
            /**
             * Followed Up
             * @default false
             */
            followed_up: boolean;
            /**
             * Forecast
             * @default
             */
            forecast: string;
            /**
             * Held Out
             * @default false
             */
            held_out: boolean;
            /** Id */
            id: string;
            /**
             * Merged
             * @default false
             */
            merged: boolean;
            /**
             * Not Recorded
             * @default []
             */
            not_recorded: string[];
            origin: components["schemas"]["Origin"];
            /** Reopened At */
            reopened_at?: string | null;
            restored: components["schemas"]["Stamp"] | null;
            restored_by: components["schemas"]["RestoredBy"];
            /** Service */
            service: string;
            /** Severity */
            severity: string;
            /** Source */
            source: string;
            started: components["schemas"]["Stamp"] | null;
            /** Team */
            team: string;
            /** Title */
            title: string;
            /**
             * Undecided
             * @default 0
             */
            undecided: number;
            /**
             * Verified
             * @default 0
             */
            verified: number;
            /** Verified At */
            verified_at?: string | null;
        };
        /**
         * Overall
         * @description How the whole is.
         */
        Overall: {
            /** Says */
            says: string;
            /** State */
            state: string;
        };
        /**
         * Override
         * @description A person's word on what an action may do on a kind of service.
         */
        Override: {
            /** Action */
            action: string;
            autonomy: components["schemas"]["Autonomy"] | null;
            /** Kind */
            kind: string;
            /** Reason */
            reason: string;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_AgentReport_: {
            /** Items */
            items: components["schemas"]["AgentReport"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_AlertView_: {
            /** Items */
            items: components["schemas"]["AlertView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_Assumptions_: {
            /** Items */
            items: components["schemas"]["Assumptions"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_Definition_: {
            /** Items */
            items: components["schemas"]["Definition"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_IncidentSummary_: {
            /** Items */
            items: components["schemas"]["IncidentSummary"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_OutcomeRecord_: {
            /** Items */
            items: components["schemas"]["OutcomeRecord"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_RecordedView_: {
            /** Items */
            items: components["schemas"]["RecordedView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_RejectedView_: {
            /** Items */
            items: components["schemas"]["RejectedView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_RunbookView_: {
            /** Items */
            items: components["schemas"]["RunbookView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_SilenceView_: {
            /** Items */
            items: components["schemas"]["SilenceView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_Standing_: {
            /** Items */
            items: components["schemas"]["Standing"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_TimelineEntry_: {
            /** Items */
            items: components["schemas"]["TimelineEntry"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Part
         * @description A stretch of the text.
         */
        Part: {
            /**
             * Strong
             * @default false
             */
            strong: boolean;
            /** Text */
            text: string;
        };
        /**
         * PastIncident
         * @description An incident of the time before Quell, or beside it, as another tool has it.
         */
        PastIncident: {
            /** Acknowledged At */
            acknowledged_at?: string | null;
            /**
             * Alerts
             * @default 0
             */
            alerts: number;
            /** Closed At */
            closed_at?: string | null;
            /** Detected At */
            detected_at?: string | null;
            /**
             * Followed Up
             * @default false
             */
            followed_up: boolean;
            /** Id */
            id: string;
            /**
             * Kind
             * @default real
             */
            kind: string;
            /**
             * Not Recorded
             * @default []
             */
            not_recorded: string[];
            /** Restored At */
            restored_at?: string | null;
            /**
             * Restored By
             * @default unknown
             */
            restored_by: string;
            /**
             * Service
             * @default
             */
            service: string;
            /**
             * Severity
             * @default
             */
            severity: string;
            /** Started At */
            started_at?: string | null;
            /**
             * Team
             * @default
             */
            team: string;
            /** Title */
            title: string;
        };
        /**
         * PastIncidentsImported
         * @description Incidents were taken over from another tool; those with an id that is known already are left out before.
         */
        PastIncidentsImported: {
            /** By */
            by: string;
            /** Incidents */
            incidents: components["schemas"]["PastIncident"][];
            /** Source */
            source: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * Phase
         * @description The steps of a response, in their order; `undo` only when a fix did not help.
         * @enum {string}
         */
        Phase: "detect" | "diagnose" | "predict" | "plan" | "approve" | "act" | "verify" | "undo";
        /**
         * PhaseEnded
         * @description A phase came to its end.
         */
        PhaseEnded: {
            /** Agent */
            agent: string;
            /** Attempts */
            attempts: number;
            /** Error */
            error?: string | null;
            phase: components["schemas"]["Phase"];
            /** Says */
            says: string;
            state: components["schemas"]["PhaseState"];
            /** Took S */
            took_s: number;
            /** Word */
            word: string;
        };
        /**
         * PhaseProgressed
         * @description Items done of items known.
         */
        PhaseProgressed: {
            /** Done */
            done: number;
            phase: components["schemas"]["Phase"];
            /** Total */
            total: number;
            /** What */
            what: string;
        };
        /**
         * PhaseRecovered
         * @description A later attempt succeeded.
         */
        PhaseRecovered: {
            /** After S */
            after_s: number;
            /** Attempt */
            attempt: number;
            phase: components["schemas"]["Phase"];
        };
        /**
         * PhaseRetrying
         * @description An attempt failed and another follows.
         */
        PhaseRetrying: {
            /** Attempt */
            attempt: number;
            /** Error */
            error: string;
            phase: components["schemas"]["Phase"];
            /** Reason */
            reason: string;
            /** Wait S */
            wait_s: number;
        };
        /**
         * PhaseStarted
         * @description An agent began a phase.
         */
        PhaseStarted: {
            /** Agent */
            agent: string;
            /** Attempt */
            attempt: number;
            /** Expected S */
            expected_s: number | null;
            phase: components["schemas"]["Phase"];
            /** Timeout S */
            timeout_s: number;
        };
        /**
         * PhaseState
         * @description How a phase of one response stands.
         * @enum {string}
         */
        PhaseState: "waiting" | "running" | "completed" | "failed" | "timed_out" | "abstained";
        /**
         * PhaseView
         * @description A phase of the current response.
         */
        PhaseView: {
            /** Agent */
            agent: string;
            /** Attempts */
            attempts: number;
            /** Done */
            done: number | null;
            /** Ended At */
            ended_at: string | null;
            /** Error */
            error: string | null;
            /** Expected S */
            expected_s: number | null;
            phase: components["schemas"]["Phase"];
            /** Recovered */
            recovered: string | null;
            /** Says */
            says: string;
            /** Started At */
            started_at: string | null;
            state: components["schemas"]["PhaseState"];
            /** Timeout S */
            timeout_s: number | null;
            /** Total */
            total: number | null;
            /** What */
            what: string;
        };
        /**
         * Plan
         * @description A change that could mend the cause; `id` is a hash of what will be done, so a changed plan has another id.
         */
        Plan: {
            /** Action */
            action: string;
            autonomy: components["schemas"]["Autonomy"];
            /** Autonomy Reason */
            autonomy_reason: string;
            /**
             * Calls
             * @default []
             */
            calls: string[];
            checks?: components["schemas"]["Checks"] | null;
            /**
             * Choice
             * @default
             */
            choice: string;
            /** Expected */
            expected: string;
            /**
             * Held Out
             * @default false
             */
            held_out: boolean;
            /** Hypothesis Id */
            hypothesis_id: string;
            /** Id */
            id: string;
            /** Params */
            params: {
                [key: string]: string;
            };
            /** Reaches */
            reaches: string[];
            record: components["schemas"]["TrackRecord"];
            /** Reversible */
            reversible: boolean;
            /** Risk */
            risk: string;
            /**
             * Runbook
             * @default
             */
            runbook: string;
            /**
             * Runbook Version
             * @default
             */
            runbook_version: string;
            /** Steps */
            steps: string[];
            /** Target */
            target: string;
            /** Title */
            title: string;
            /** Undo */
            undo: string;
            /** Verified By */
            verified_by: string;
        };
        /**
         * PlanProposed
         * @description Resolution chose an action.
         */
        PlanProposed: {
            plan: components["schemas"]["Plan"];
        };
        /**
         * Predicted
         * @description Prediction's finding.
         */
        Predicted: {
            finding: components["schemas"]["Prediction"];
        };
        /**
         * Prediction
         * @description What happens if nothing is done.
         */
        Prediction: {
            /**
             * Blast Services
             * @default []
             */
            blast_services: string[];
            /** Blast Share */
            blast_share?: number | null;
            /**
             * Evidence
             * @default []
             */
            evidence: components["schemas"]["Evidence"][];
            /**
             * Forecasts
             * @default []
             */
            forecasts: components["schemas"]["Forecast"][];
            /**
             * Gaps
             * @default []
             */
            gaps: components["schemas"]["Gap"][];
            recurrence?: components["schemas"]["Recurrence"] | null;
            /** Says */
            says: string;
        };
        /**
         * PreventionCase
         * @description One forecast breach.
         */
        PreventionCase: {
            /** Acted At */
            acted_at: string | null;
            /** Alerted */
            alerted: boolean;
            /** Drill */
            drill: boolean;
            forecast: components["schemas"]["Forecast"];
            /** Incident Id */
            incident_id: string;
            /**
             * Opened At
             * Format: date-time
             */
            opened_at: string;
            /** Recovered */
            recovered: boolean;
            /** Says */
            says: string;
            /** Series */
            series: string;
            /** Service */
            service: string;
            /** Settled At */
            settled_at: string | null;
            /** State */
            state: string;
            /** Value At Forecast */
            value_at_forecast: number;
        };
        /**
         * PreventionCounts
         * @description How cases came out, drills apart.
         */
        PreventionCounts: {
            /** Came True */
            came_true: number;
            /** Did Not Come True */
            did_not_come_true: number;
            /** Missed */
            missed: number;
            /** Open */
            open: number;
            /** Prevented */
            prevented: number;
            /** Undecided */
            undecided: number;
        };
        /**
         * PreventionPage
         * @description The newest cases, and how all came out.
         */
        PreventionPage: {
            counts: components["schemas"]["PreventionCounts"];
            drills: components["schemas"]["PreventionCounts"];
            /** Items */
            items: components["schemas"]["PreventionCase"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * PreventionSettled
         * @description How a prevention case came out; there is one for each case.
         */
        PreventionSettled: {
            /** Limit */
            limit: number;
            outcome: components["schemas"]["Outcome"];
            /** Says */
            says: string;
            /** Value */
            value: number | null;
            /** Value At Forecast */
            value_at_forecast: number;
        };
        /**
         * Problem
         * @description What went wrong.
         */
        Problem: {
            /** Detail */
            detail: string;
            /** Instance */
            instance: string;
            /** Reason */
            reason: string;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /** Type */
            type: string;
        };
        /**
         * ProcessStarted
         * @description A Quell process began work on this log.
         */
        ProcessStarted: {
            /** Epoch */
            epoch: string;
            /** Recovered */
            recovered: number;
            /** Version */
            version: string;
        };
        /**
         * ProcessStopped
         * @description A Quell process drained and ended on purpose.
         */
        ProcessStopped: {
            /** Reason */
            reason: string;
        };
        /**
         * QualityView
         * @description How good the records of the window are.
         */
        QualityView: {
            /** Says */
            says: string;
            /** Shares */
            shares: components["schemas"]["Share"][];
            /** Value */
            value: number | null;
            /** Worst */
            worst: string;
        };
        /**
         * Range
         * @description Where an amount lies; never a bare value.
         */
        Range: {
            /** High80 */
            high80: number;
            /** High95 */
            high95: number;
            /** Low80 */
            low80: number;
            /** Low95 */
            low95: number;
            /** Middle */
            middle: number;
            /** P Positive */
            p_positive: number;
        };
        /**
         * Reading
         * @description An indicator read during verification.
         */
        Reading: {
            /** In Range */
            in_range: boolean;
            /** Normal High */
            normal_high: number;
            /** Normal Low */
            normal_low: number;
            /** Series */
            series: string;
            /** Service */
            service: string;
            /** Unit */
            unit: string;
            /** Value */
            value: number | null;
        };
        /**
         * RecordCorrected
         * @description A person corrected what the figures are computed from; the newest correction of a field counts.
         */
        RecordCorrected: {
            before: components["schemas"]["PastIncident"] | null;
            /** By */
            by: string;
            /** Changes */
            changes: {
                [key: string]: string;
            };
            /** Incident Id */
            incident_id: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * RecordedView
         * @description An event as the log holds it.
         */
        RecordedView: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Data */
            data: {
                [key: string]: unknown;
            } | components["schemas"]["IncidentOpened"] | components["schemas"]["AlertGrouped"] | components["schemas"]["AlertResolved"] | components["schemas"]["AlertFlapping"] | components["schemas"]["AlertsNotSent"] | components["schemas"]["StateChanged"] | components["schemas"]["IncidentAcknowledged"] | components["schemas"]["SeverityChanged"] | components["schemas"]["IncidentReopened"] | components["schemas"]["IncidentMerged"] | components["schemas"]["NoteAdded"] | components["schemas"]["CauseConfirmed"] | components["schemas"]["FalseAlarmDeclared"] | components["schemas"]["ResponseStarted"] | components["schemas"]["PhaseStarted"] | components["schemas"]["PhaseProgressed"] | components["schemas"]["PhaseRetrying"] | components["schemas"]["PhaseRecovered"] | components["schemas"]["PhaseEnded"] | components["schemas"]["SourceMissing"] | components["schemas"]["Detected"] | components["schemas"]["Diagnosed"] | components["schemas"]["Predicted"] | components["schemas"]["BreachForecast"] | components["schemas"]["PreventionSettled"] | components["schemas"]["PlanProposed"] | components["schemas"]["ApprovalRequested"] | components["schemas"]["ActionApproved"] | components["schemas"]["ActionRejected"] | components["schemas"]["ApprovalExpired"] | components["schemas"]["ApprovalWithdrawn"] | components["schemas"]["ActionStarted"] | components["schemas"]["ActionFinished"] | components["schemas"]["ActionBroke"] | components["schemas"]["Verified"] | components["schemas"]["ActionUndone"] | components["schemas"]["UndoFailed"] | components["schemas"]["TakeBackRequested"] | components["schemas"]["TakeBackFailed"] | components["schemas"]["Escalated"] | components["schemas"]["ResponseEnded"] | components["schemas"]["LookAgainRequested"] | components["schemas"]["LookedAgain"] | components["schemas"]["AlertHeld"] | components["schemas"]["AlertSilenced"] | components["schemas"]["BatchTaken"] | components["schemas"]["BodyRejected"] | components["schemas"]["SilenceCreated"] | components["schemas"]["SilenceEnded"] | components["schemas"]["AutonomyOverridden"] | components["schemas"]["ProcessStarted"] | components["schemas"]["ProcessStopped"] | components["schemas"]["SourceFailed"] | components["schemas"]["SourceRecovered"] | components["schemas"]["RequestAccepted"] | components["schemas"]["PastIncidentsImported"] | components["schemas"]["RecordCorrected"] | components["schemas"]["AssumptionsSet"] | components["schemas"]["UnknownEvent"];
            /** Offset */
            offset: number;
            /** Position */
            position: number;
            /** Type */
            type: string;
        };
        /**
         * Recurrence
         * @description How likely the same cause is to come back to the same service.
         */
        Recurrence: {
            cause: components["schemas"]["Cause"];
            /** Chance */
            chance: number;
            /** High90 */
            high90: number;
            /** Low90 */
            low90: number;
            /** Over S */
            over_s: number;
            /** Seen */
            seen: number;
            /** Service */
            service: string;
            /** Within S */
            within_s: number;
        };
        /**
         * Reject
         * @description Say no to exactly this plan.
         */
        Reject: {
            /** By */
            by?: string | null;
            /** Plan Id */
            plan_id: string;
            /** Reason */
            reason: string;
        };
        /**
         * RejectedPast
         * @description One that was not taken.
         */
        RejectedPast: {
            /** Id */
            id: string;
            /** Index */
            index: number;
            /** Reason */
            reason: string;
        };
        /**
         * RejectedView
         * @description A request, or part of one, that could not be taken.
         */
        RejectedView: {
            /** Alerts */
            alerts: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Body */
            body: string;
            /** Body Bytes */
            body_bytes: number;
            /** Detail */
            detail: string;
            /** Position */
            position: number;
            /** Reason */
            reason: string;
            /** Source */
            source: string;
        };
        /**
         * Reopen
         * @description Take up an incident that had ended.
         */
        Reopen: {
            /** By */
            by?: string | null;
            /** Reason */
            reason: string;
        };
        /**
         * Report
         * @description How incidents of one kind went that began in a window.
         */
        Report: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Assumptions Version */
            assumptions_version: number;
            /** By */
            by: string;
            /** Clean Failed */
            clean_failed: {
                [key: string]: number;
            };
            counts: components["schemas"]["Counts"];
            /** Exact */
            exact: boolean;
            /** Excluded */
            excluded: components["schemas"]["Exclusion"][];
            /** Figures */
            figures: components["schemas"]["Figure"][];
            origin: components["schemas"]["Origin"];
            /** Others */
            others: {
                [key: string]: number;
            };
            quality: components["schemas"]["QualityView"];
            sentence: components["schemas"]["Sentence"];
            /** Start */
            start: string | null;
            /** Strata */
            strata: components["schemas"]["Stratum"][];
            /** Window Days */
            window_days: number;
        };
        /**
         * RequestAccepted
         * @description A request with an idempotency key was carried out, in the same append; the key stands for it and no other.
         */
        RequestAccepted: {
            /** Digest */
            digest: string;
            /** Key */
            key: string;
        };
        /**
         * Resolve
         * @description Declare that the service is restored.
         */
        Resolve: {
            /** By */
            by?: string | null;
            /**
             * False Alarm
             * @default false
             */
            false_alarm: boolean;
            /** Reason */
            reason: string;
        };
        /**
         * ResponseEnded
         * @description The agents are done with this run: `resolved`, `helped_in_part`, `escalated`, `superseded` or `failed`.
         */
        ResponseEnded: {
            /** Look Again At */
            look_again_at?: string | null;
            /** Outcome */
            outcome: string;
            /** Run */
            run: number;
            /** Says */
            says: string;
        };
        /**
         * ResponseStarted
         * @description The agents began; `run` counts responses of this incident from 1.
         */
        ResponseStarted: {
            /** Run */
            run: number;
            /**
             * Why
             * @default
             */
            why: string;
        };
        /**
         * RestoredBy
         * @description Who ended the impact.
         * @enum {string}
         */
        RestoredBy: "quell" | "person" | "itself" | "unknown";
        /**
         * RollingDay
         * @description A point of the line: the days up to this one, it included.
         */
        RollingDay: {
            /**
             * Day
             * Format: date
             */
            day: string;
            /** High S */
            high_s: number | null;
            /** Low S */
            low_s: number | null;
            /** N */
            n: number;
            /** Open */
            open: number;
            /** Value S */
            value_s: number | null;
        };
        /**
         * RpcStatus
         * @description google.rpc.Status: why a request of telemetry was not taken.
         */
        RpcStatus: {
            /** @description A code of gRPC. */
            code: number;
            /** @description For a person. */
            message: string;
        };
        /**
         * RunbookMatch
         * @description What a runbook is for; what is empty matches anything.
         */
        RunbookMatch: {
            /** Causes */
            causes: components["schemas"]["Cause"][];
            /** Kinds */
            kinds: string[];
            /** Labels */
            labels: {
                [key: string]: string;
            };
            /** Series */
            series: string[];
            /** Services */
            services: string[];
        };
        /**
         * RunbookRecord
         * @description How often one of its actions helped against one of its causes, on a kind of service.
         */
        RunbookRecord: {
            /** Action */
            action: string;
            cause: components["schemas"]["Cause"];
            /** Helped */
            helped: number;
            /** Kind */
            kind: string;
            /** Tried */
            tried: number;
        };
        /**
         * RunbookStep
         * @description An action, with the params that are known beforehand.
         */
        RunbookStep: {
            /** Action */
            action: string;
            /** Params */
            params: {
                [key: string]: string;
            };
            /** Subject */
            subject: string;
        };
        /**
         * RunbookView
         * @description A runbook as it is in use.
         */
        RunbookView: {
            /** Enabled */
            enabled: boolean;
            /** Expected */
            expected: string;
            /** File */
            file: string;
            match: components["schemas"]["RunbookMatch"];
            /** Name */
            name: string;
            /** Origin */
            origin: string;
            /** Record */
            record: components["schemas"]["RunbookRecord"][];
            /** Risk */
            risk: string;
            /** Steps */
            steps: components["schemas"]["RunbookStep"][];
            /** Title */
            title: string;
            /** Undo */
            undo: string;
            /** Verify Series */
            verify_series: string[];
            /** Verify Steady */
            verify_steady: number | null;
            /** Verify Within S */
            verify_within_s: number | null;
            /** Version */
            version: string;
            /** Weight */
            weight: number;
            when: components["schemas"]["RunbookWhen"];
            /** Why */
            why: string;
        };
        /**
         * RunbookWhen
         * @description What must hold before it is carried out.
         */
        RunbookWhen: {
            /** Dependencies Healthy */
            dependencies_healthy: boolean;
            /** Min Probability */
            min_probability: number;
            /** Not Within S */
            not_within_s: number;
            /** Recent Change */
            recent_change: string;
            /** Recent Change S */
            recent_change_s: number;
            /** Runs Per Hour */
            runs_per_hour: number;
        };
        /**
         * Savings
         * @description What was saved in a window; signed.
         */
        Savings: {
            assumptions: components["schemas"]["Assumptions"];
            /** Claimed */
            claimed: boolean;
            /** Cost */
            cost: number;
            counterfactual: components["schemas"]["Counterfactual"];
            /** Currency */
            currency: string;
            /** Drivers */
            drivers: {
                [key: string]: number;
            };
            /** Lasted Min */
            lasted_min: number;
            minutes: components["schemas"]["Range"] | null;
            /** Minutes Quantiles */
            minutes_quantiles: number[];
            money: components["schemas"]["Range"] | null;
            /** N */
            n: number;
            /** N Compared */
            n_compared: number;
            /** P Positive */
            p_positive: number | null;
            /** Prevented */
            prevented: number;
            /** Says */
            says: string[];
            split: components["schemas"]["Split"];
        };
        /**
         * SavingsReport
         * @description What was saved in a window.
         */
        SavingsReport: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            origin: components["schemas"]["Origin"];
            savings: components["schemas"]["Savings"];
            /** Window Days */
            window_days: number;
        };
        /**
         * Sentence
         * @description The summary; the texts of the parts, one after the other, are the text.
         */
        Sentence: {
            /** Parts */
            parts: components["schemas"]["Part"][];
            /** Text */
            text: string;
        };
        /**
         * Series
         * @description One measured series; `times` and `values` have the same length, times rise.
         */
        Series: {
            /** Labels */
            labels?: {
                [key: string]: string;
            };
            /** Name */
            name: string;
            /** Service */
            service: string;
            /**
             * Times
             * @default []
             */
            times: number[];
            /** Unit */
            unit: string;
            /**
             * Values
             * @default []
             */
            values: (number | null)[];
        };
        /**
         * ServerView
         * @description This server.
         */
        ServerView: {
            /** Environment */
            environment: string;
            /** Epoch */
            epoch: string;
            /** Head */
            head: number;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Uptime S */
            uptime_s: number;
            /** Version */
            version: string;
        };
        /**
         * Severity
         * @description How bad one alert says it is (the words most tools share).
         * @enum {string}
         */
        Severity: "critical" | "error" | "warning" | "info";
        /**
         * SeverityChanged
         * @description The incident is worse, or less bad, than thought.
         */
        SeverityChanged: {
            after: components["schemas"]["IncidentSeverity"];
            before: components["schemas"]["IncidentSeverity"];
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * Share
         * @description One part of the quality.
         */
        Share: {
            /** K */
            k: number;
            /** N */
            n: number;
            /** Name */
            name: string;
        };
        /**
         * SilenceCreated
         * @description Matching alerts are counted and kept out of incidents from `starts_at` until `ends_at`.
         */
        SilenceCreated: {
            /** By */
            by: string;
            /** Comment */
            comment: string;
            /**
             * Ends At
             * Format: date-time
             */
            ends_at: string;
            /** Matchers */
            matchers: components["schemas"]["Matcher"][];
            /** Silence Id */
            silence_id: string;
            /**
             * Starts At
             * Format: date-time
             */
            starts_at: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * SilenceEnded
         * @description A silence was ended before its time.
         */
        SilenceEnded: {
            /** By */
            by: string;
            /** Silence Id */
            silence_id: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * SilenceView
         * @description A silence as it stands.
         */
        SilenceView: {
            /** By */
            by: string;
            /** Comment */
            comment: string;
            /**
             * Ends At
             * Format: date-time
             */
            ends_at: string;
            /** Id */
            id: string;
            /** Matched */
            matched: number | null;
            /** Matchers */
            matchers: components["schemas"]["Matcher"][];
            /**
             * Starts At
             * Format: date-time
             */
            starts_at: string;
            /** State */
            state: string;
        };
        /**
         * SimilarIncident
         * @description A past incident that looked like this one.
         */
        SimilarIncident: {
            /** Action */
            action: string;
            cause: components["schemas"]["Cause"] | null;
            /** Incident Id */
            incident_id: string;
            /** Likeness */
            likeness: number;
            /** Outcome */
            outcome: string;
            /** Service */
            service: string;
        };
        /**
         * SimpleAlert
         * @description An alert in Quell's own form.
         */
        SimpleAlert: {
            annotations?: {
                [key: string]: string;
            };
            /** @description What makes it the same alert. */
            dedup_key?: string;
            /** Format: date-time */
            ends_at?: string;
            labels?: {
                [key: string]: string;
            };
            /** @description Where a person looks. */
            link?: string;
            /** @description What is wrong, in a word that stays the same. */
            name: string;
            /** @description The service it is about. */
            service?: string;
            /** @description `critical`, `error`, `warning`, `info`, or another tool's word for them. */
            severity?: string;
            /** Format: date-time */
            starts_at?: string;
            /** @description `firing` or `resolved`. */
            status?: string;
            /** @description One line for a person. */
            summary?: string;
        };
        /**
         * SourceFailed
         * @description An evidence source went from answering to not answering.
         */
        SourceFailed: {
            /** Detail */
            detail: string;
            /** Reason */
            reason: string;
            /** Source */
            source: string;
        };
        /**
         * SourceMissing
         * @description A source gave nothing for this incident; what follows rests on less.
         */
        SourceMissing: {
            phase: components["schemas"]["Phase"];
            /** Reason */
            reason: string;
            /** Source */
            source: string;
        };
        /**
         * SourceRecovered
         * @description An evidence source answers again.
         */
        SourceRecovered: {
            /** After S */
            after_s: number;
            /** Source */
            source: string;
        };
        /**
         * Split
         * @description Shares of the amounts, added up without their signs, by how they are known; they add up to 1, or are all 0.
         */
        Split: {
            /** Assumed */
            assumed: number;
            /** Measured */
            measured: number;
            /** Modelled */
            modelled: number;
        };
        /**
         * StageCounts
         * @description Alerts by the stage that ended their way: `received` is the sum of the others.
         */
        StageCounts: {
            /**
             * Duplicate
             * @default 0
             */
            duplicate: number;
            /**
             * Grouped
             * @default 0
             */
            grouped: number;
            /**
             * Not Sent
             * @default 0
             */
            not_sent: number;
            /**
             * Opening
             * @default 0
             */
            opening: number;
            /**
             * Received
             * @default 0
             */
            received: number;
            /**
             * Rejected
             * @default 0
             */
            rejected: number;
            /**
             * Silenced
             * @default 0
             */
            silenced: number;
            /**
             * Tests
             * @default 0
             */
            tests: number;
        };
        /**
         * Stamp
         * @description A moment and where it comes from.
         */
        Stamp: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            clock: components["schemas"]["Clock"];
        };
        /**
         * Standing
         * @description What an action has earned on a kind of service.
         */
        Standing: {
            /** Action */
            action: string;
            earned: components["schemas"]["Autonomy"];
            /** Helped */
            helped: number;
            /** Helped Since Miss */
            helped_since_miss: number;
            /** Kind */
            kind: string;
            /** Lower Bound */
            lower_bound: number;
            /** Missed At */
            missed_at: string | null;
            override: components["schemas"]["Autonomy"] | null;
            /** Override By */
            override_by: string;
            /** Override Reason */
            override_reason: string;
            /** Says */
            says: string;
            /** Shadow Right */
            shadow_right: number;
            /** Shadow Tried */
            shadow_tried: number;
            /** Tried */
            tried: number;
        };
        /**
         * State
         * @description Where an incident stands.
         * @enum {string}
         */
        State: "triggered" | "acknowledged" | "investigating" | "identified" | "monitoring" | "resolved" | "closed" | "reopened" | "merged";
        /**
         * StateChanged
         * @description The incident moved.
         */
        StateChanged: {
            after: components["schemas"]["State"];
            before: components["schemas"]["State"];
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * Stratum
         * @description The figures of one kind of incident.
         */
        Stratum: {
            /** Figures */
            figures: components["schemas"]["Figure"][];
            /** N */
            n: number;
            /** Name */
            name: string;
            /** Open */
            open: number;
        };
        /**
         * TakeBack
         * @description Have a change that Quell made taken back; it is carried out after this is recorded.
         */
        TakeBack: {
            /** By */
            by?: string | null;
            /** Plan Id */
            plan_id: string;
            /** Reason */
            reason: string;
        };
        /**
         * TakeBackFailed
         * @description What a person wanted taken back could not be; it may be asked for again.
         */
        TakeBackFailed: {
            /** Action */
            action: string;
            /** Begun */
            begun: boolean;
            /** Error */
            error: string;
            /** Plan Id */
            plan_id: string;
            /** Request */
            request: number;
            /** Target */
            target: string;
        };
        /**
         * TakeBackRequested
         * @description A person wants a change that Quell made taken back; it is carried out once this is recorded.
         */
        TakeBackRequested: {
            /** Action */
            action: string;
            /** By */
            by: string;
            /** Key */
            key: string;
            /** Plan Id */
            plan_id: string;
            /** Reason */
            reason: string;
            /** Request */
            request: number;
            /** Target */
            target: string;
            /**
             * Typed Name
             * @default
             */
            typed_name: string;
        };
        /**
         * Taken
         * @description What became of the alerts of one request.
         */
        Taken: {
            /** @description Known already. */
            duplicate: number;
            /** @description Joined an incident, waits below the threshold, or ended. */
            grouped: number;
            /** @description Incidents an alert was put into. */
            incidents: string[];
            /** @description Opened an incident. */
            opening: number;
            /** @description The sum of the others. */
            received: number;
            /** @description Could not be read. */
            rejected: number;
            /** @description Kept out by a silence. */
            silenced: number;
        };
        /**
         * TimelineEntry
         * @description One event, said for a person.
         */
        TimelineEntry: {
            /** Agent */
            agent: string | null;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** By */
            by: string;
            /**
             * Evidence Ids
             * @default []
             */
            evidence_ids: string[];
            /**
             * Flagged
             * @default []
             */
            flagged: string[];
            /** Incident Id */
            incident_id: string;
            /** Level */
            level: string;
            /** Offset */
            offset: number;
            phase: components["schemas"]["Phase"] | null;
            /** Position */
            position: number;
            /** Text */
            text: string;
            /** Title */
            title: string;
            /** Type */
            type: string;
        };
        /**
         * TopologyView
         * @description Who calls whom.
         */
        TopologyView: {
            /** As Of */
            as_of: string | null;
            /** Edges */
            edges: string[][];
            /** Services */
            services: string[];
        };
        /**
         * TrackRecord
         * @description How often an action helped before.
         */
        TrackRecord: {
            /** Helped */
            helped: number;
            /** Tried */
            tried: number;
        };
        /**
         * TrendReport
         * @description The word of the week, and what is drawn beside it.
         */
        TrendReport: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
            decision: components["schemas"]["Decision"];
            /** Did */
            did: components["schemas"]["Did"][];
            /** Dots */
            dots: components["schemas"]["Dot"][];
            /** Dots Left Out */
            dots_left_out: number;
            /** Line */
            line: components["schemas"]["RollingDay"][];
            origin: components["schemas"]["Origin"];
            /**
             * Until
             * Format: date-time
             */
            until: string;
        };
        /**
         * UndoFailed
         * @description The change could not be taken back: a person must look.
         */
        UndoFailed: {
            /** Action */
            action: string;
            /** Error */
            error: string;
            /** Plan Id */
            plan_id: string;
            /** Target */
            target: string;
        };
        /**
         * UnknownEvent
         * @description What a newer Quell has written and this one does not know: it is read, counted and shown, and changes nothing.
         *
         *     It is never written. After a roll-back it lets the older Quell start; the newer one reads the same row again.
         */
        UnknownEvent: {
            /** Fields */
            fields: {
                [key: string]: unknown;
            };
            /** Type */
            type: string;
        };
        /**
         * Verified
         * @description The verdict on a fix: `recovered`, `in_part` (the service that was changed shows no trouble of its own any more, and
         *     another does), `not_recovered`, `worse` or `unknown` (could not look).
         */
        Verified: {
            /**
             * Credit
             * @default action
             */
            credit: string;
            /**
             * Credit Says
             * @default
             */
            credit_says: string;
            /** Readings */
            readings: components["schemas"]["Reading"][];
            /** Says */
            says: string;
            /** Took S */
            took_s: number;
            /** Verdict */
            verdict: string;
        };
        /**
         * Window
         * @description A stretch of time, `start` inclusive.
         */
        Window: {
            /**
             * End
             * Format: date-time
             */
            end: string;
            /**
             * Start
             * Format: date-time
             */
            start: string;
        };
        /**
         * Word
         * @description What may be said of the change.
         * @enum {string}
         */
        Word: "improved" | "worse" | "no_clear_change" | "not_enough";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_agents_api_v1_agents_get: {
        parameters: {
            query?: {
                /** @description Accuracy in `real` incidents or in `drills`; both when left out. */
                of?: components["schemas"]["Group"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AgentReport_"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_alerts_api_v1_alerts_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; without it, the first page. */
                cursor?: string | null;
                /** @description Only those of this incident. */
                incident?: string | null;
                /** @description Most rows to return. */
                limit?: number;
                status?: components["schemas"]["AlertStatus"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AlertView_"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_autonomy_api_v1_autonomy_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Standing_"];
                };
            };
        };
    };
    override_autonomy_api_v1_autonomy_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Override"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Standing"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_incidents_api_v1_incidents_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; without it, the first page. */
                cursor?: string | null;
                /** @description Only drills, or none. */
                drill?: boolean | null;
                /** @description Most rows to return. */
                limit?: number;
                /** @description Only where it is touched. */
                service?: string | null;
                /** @description One or more, joined by commas. */
                severity?: string | null;
                /** @description `open`, `ended`, `all` or one state. */
                state?: ("open" | "ended" | "all") | components["schemas"]["State"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_IncidentSummary_"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_incident_api_v1_incidents__incident_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentDetail"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    acknowledge_incident_api_v1_incidents__incident_id__acknowledge_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Acknowledge"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approve_incident_api_v1_incidents__incident_id__approve_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Approve"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cause_incident_api_v1_incidents__incident_id__cause_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ConfirmCause"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    close_incident_api_v1_incidents__incident_id__close_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Close"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_events_api_v1_incidents__incident_id__events_get: {
        parameters: {
            query?: {
                /** @description Only what comes after this; `next_cursor` says it. */
                after?: number;
                /** @description Most rows to return. */
                limit?: number;
            };
            header?: never;
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RecordedView_"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    look_again_incident_api_v1_incidents__incident_id__look_again_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LookAgain"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    merge_incident_api_v1_incidents__incident_id__merge_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Merge"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    notes_incident_api_v1_incidents__incident_id__notes_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Note"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reject_incident_api_v1_incidents__incident_id__reject_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reject"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reopen_incident_api_v1_incidents__incident_id__reopen_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reopen"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resolve_incident_api_v1_incidents__incident_id__resolve_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Resolve"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    severity_incident_api_v1_incidents__incident_id__severity_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeSeverity"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_back_incident_api_v1_incidents__incident_id__take_back_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TakeBack"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentSummary"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_timeline_api_v1_incidents__incident_id__timeline_get: {
        parameters: {
            query?: {
                /** @description Only what comes after this; `next_cursor` says it. */
                after?: number;
                /** @description Most rows to return. */
                limit?: number;
            };
            header?: never;
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TimelineEntry_"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_intake_api_v1_intake_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntakeView"];
                };
            };
        };
    };
    get_lab_api_v1_lab_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabView"];
                };
            };
        };
    };
    start_drill_api_v1_lab_drills_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Drill"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The lab failed */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The lab did not answer in time */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    outcomes_api_v1_outcomes_get: {
        parameters: {
            query?: {
                /** @description What to tell apart; empty: nothing. */
                by?: "" | "severity" | "service" | "team" | "restored_by";
                /** @description Which incidents; the kinds never mix. */
                kind?: components["schemas"]["Origin"];
                /** @description Incidents that began in so many days up to now. */
                window?: "7d" | "28d" | "90d" | "365d" | "all";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_assumptions_api_v1_outcomes_assumptions_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Assumptions_"];
                };
            };
        };
    };
    set_assumptions_api_v1_outcomes_assumptions_put: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAssumptions"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assumptions"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It no longer fits */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    outcome_definitions_api_v1_outcomes_definitions_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Definition_"];
                };
            };
        };
    };
    export_outcomes_api_v1_outcomes_export_get: {
        parameters: {
            query?: {
                /** @description What to write. */
                format?: "csv" | "json";
                /** @description Only these. */
                kind?: components["schemas"]["Origin"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "text/csv": unknown;
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import_incidents_api_v1_outcomes_imports_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewImport"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Imported"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    outcome_records_api_v1_outcomes_records_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before: an incident's id. */
                after?: string | null;
                /** @description Only these. */
                kind?: components["schemas"]["Origin"] | null;
                /** @description Most rows to return. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OutcomeRecord_"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    correct_record_api_v1_outcomes_records__incident_id__corrections_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                incident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Correction"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutcomeRecord"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    outcome_savings_api_v1_outcomes_savings_get: {
        parameters: {
            query?: {
                /** @description Which incidents; the kinds never mix. */
                kind?: components["schemas"]["Origin"];
                /** @description Incidents that began in so many days up to now. */
                window?: "7d" | "28d" | "90d" | "365d" | "all";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavingsReport"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    outcome_trend_api_v1_outcomes_trend_get: {
        parameters: {
            query?: {
                /** @description Which incidents; the kinds never mix. */
                kind?: components["schemas"]["Origin"];
                /** @description Last day (UTC) of the line and its incidents. */
                until?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrendReport"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_preventions_api_v1_preventions_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before: an incident's id. */
                after?: string | null;
                /** @description Only drills, or none. */
                drill?: boolean | null;
                /** @description Most rows to return. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreventionPage"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_rejected_api_v1_rejected_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; without it, the first page. */
                cursor?: string | null;
                /** @description Most rows to return. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RejectedView_"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_runbooks_api_v1_runbooks_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RunbookView_"];
                };
            };
        };
    };
    get_server_api_v1_server_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerView"];
                };
            };
        };
    };
    list_silences_api_v1_silences_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SilenceView_"];
                };
            };
        };
    };
    begin_silence_api_v1_silences_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand; another request with the same key is refused (422). */
                "Idempotency-Key"?: string | null;
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSilence"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SilenceView"];
                };
            };
            /** @description The request cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_silence_api_v1_silences__silence_id__delete: {
        parameters: {
            query?: never;
            header?: {
                /** @description A name for who is asking, unless the body has one in `by`: kept as a note that nothing proves. */
                "X-Quell-User"?: string | null;
            };
            path: {
                silence_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SilenceView"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request does not say what is needed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_topology_api_v1_topology_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopologyView"];
                };
            };
        };
    };
    get_health_dashboard_health_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overall"];
                };
            };
        };
    };
    get_health_report_dashboard_health_detailed_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
        };
    };
    get_alive_healthz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
        };
    };
    take_alerts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the source in the settings: `alertmanager`, `grafana`, `alerts`. */
                source: string;
            };
            cookie?: never;
        };
        /** @description What the source writes; docs/ingest.md shows each form. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlertsBody"];
            };
        };
        responses: {
            /** @description Taken, and durable */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Taken"];
                };
            };
            /** @description The body cannot be read */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request proves no sender */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such source */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Alerts are sent with POST */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body did not arrive in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body must be JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing can be stored now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_ready_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_log_records: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description ExportLogsServiceRequest; it may be packed with gzip. */
        requestBody: {
            content: {
                "application/json": Record<string, never>;
                "application/x-protobuf": string;
            };
        };
        responses: {
            /** @description ExportLogsServiceResponse; `partialSuccess` says how many were rejected, and why */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                    "application/x-protobuf": string;
                };
            };
            /** @description The body cannot be read; it is of no use to send it again */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The bearer token of `evidence.otlp.token` is missing */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description Telemetry is sent with POST */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The body did not arrive in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The body is too large, as sent or unpacked */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The body is neither protobuf nor JSON, or packed with something else than gzip */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description Too many requests; come back after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description Too many requests are under way; come back after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
        };
    };
    take_spans: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description ExportTraceServiceRequest; it may be packed with gzip. */
        requestBody: {
            content: {
                "application/json": Record<string, never>;
                "application/x-protobuf": string;
            };
        };
        responses: {
            /** @description ExportTraceServiceResponse; `partialSuccess` says how many were rejected, and why */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                    "application/x-protobuf": string;
                };
            };
            /** @description The body cannot be read; it is of no use to send it again */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The bearer token of `evidence.otlp.token` is missing */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description Telemetry is sent with POST */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The body did not arrive in time */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The body is too large, as sent or unpacked */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description The body is neither protobuf nor JSON, or packed with something else than gzip */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description Too many requests; come back after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
            /** @description Too many requests are under way; come back after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RpcStatus"];
                    "application/x-protobuf": string;
                };
            };
        };
    };
}
