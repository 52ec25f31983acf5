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
         * @description List the agents and how their last 100 phases went.
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
         * @description Take an open incident: it has an owner then.
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
         * @description Declare that the service is restored.
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Acknowledge
         * @description Take an incident.
         */
        Acknowledge: {
            /** By */
            by?: string | null;
            /**
             * Note
             * @default
             */
            note: string;
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
         * @description The change was taken back.
         */
        ActionUndone: {
            /** Action */
            action: string;
            /** Output */
            output: string;
            /** Plan Id */
            plan_id: string;
            /** Target */
            target: string;
        };
        /**
         * ActionView
         * @description An action that was started.
         */
        ActionView: {
            /** Action */
            action: string;
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
            /** Target */
            target: string;
            /** Verdict */
            verdict: string | null;
        };
        /**
         * AgentHealth
         * @description How one agent is doing: counts are of its last 100 ended phases.
         */
        AgentHealth: {
            /** Abstained */
            abstained: number;
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
            /** Labels */
            labels?: {
                [key: string]: string;
            };
            /** Link */
            link?: string | null;
            /** Name */
            name: string;
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
        };
        /**
         * AlertsBody
         * @description One alert of Quell's own form, several in `alerts`, or the webhook of Alertmanager or Grafana.
         */
        AlertsBody: components["schemas"]["SimpleAlert"] | {
            alerts: (components["schemas"]["SimpleAlert"] | Record<string, never>)[];
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
         * Autonomy
         * @description What policy lets Quell do with an action, from least to most.
         * @enum {string}
         */
        Autonomy: "observe" | "recommend" | "approve" | "auto";
        /**
         * BatchTaken
         * @description One request's alerts by the stage that ended their way; received is the sum of the others.
         */
        BatchTaken: {
            /** Duplicate */
            duplicate: number;
            /**
             * Ended
             * @default []
             */
            ended: string[];
            /** Grouped */
            grouped: number;
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
         * Cause
         * @description What about a service can be wrong: the kinds diagnosis tells apart.
         * @enum {string}
         */
        Cause: "bad_release" | "bad_config" | "slow_dependency" | "pool_exhaustion" | "memory_leak" | "crash_loop" | "traffic_surge" | "unknown";
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
            edges: [
                string,
                string
            ][];
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
        EvidenceKind: "metric" | "log" | "change" | "topology";
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
            detection: components["schemas"]["Detection"] | null;
            diagnosis: components["schemas"]["Diagnosis"] | null;
            escalation: components["schemas"]["Escalated"] | null;
            /** Evidence */
            evidence?: {
                [key: string]: components["schemas"]["Evidence"];
            };
            /** Gaps */
            gaps: components["schemas"]["Gap"][];
            /** Offset */
            offset: number;
            plan: components["schemas"]["Plan"] | null;
            prediction: components["schemas"]["Prediction"] | null;
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
            /**
             * Opened At
             * Format: date-time
             */
            opened_at: string;
            /** Outcome */
            outcome: string | null;
            /** Owner */
            owner: string | null;
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
            /** Title */
            title: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
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
            /** Grouped */
            grouped: number;
            /** Held */
            held: number;
            last_minute: components["schemas"]["LastMinute"];
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
         * Page
         * @description Rows, and how to get the next ones.
         */
        Page_AgentHealth_: {
            /** Items */
            items: components["schemas"]["AgentHealth"][];
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
        Page_TimelineEntry_: {
            /** Items */
            items: components["schemas"]["TimelineEntry"][];
            /** Next Cursor */
            next_cursor: string | null;
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
            /** Expected */
            expected: string;
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
            /** Says */
            says: string;
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
            } | components["schemas"]["IncidentOpened"] | components["schemas"]["AlertGrouped"] | components["schemas"]["AlertResolved"] | components["schemas"]["AlertFlapping"] | components["schemas"]["StateChanged"] | components["schemas"]["IncidentAcknowledged"] | components["schemas"]["SeverityChanged"] | components["schemas"]["IncidentReopened"] | components["schemas"]["IncidentMerged"] | components["schemas"]["NoteAdded"] | components["schemas"]["ResponseStarted"] | components["schemas"]["PhaseStarted"] | components["schemas"]["PhaseProgressed"] | components["schemas"]["PhaseRetrying"] | components["schemas"]["PhaseRecovered"] | components["schemas"]["PhaseEnded"] | components["schemas"]["SourceMissing"] | components["schemas"]["Detected"] | components["schemas"]["Diagnosed"] | components["schemas"]["Predicted"] | components["schemas"]["PlanProposed"] | components["schemas"]["ApprovalRequested"] | components["schemas"]["ActionApproved"] | components["schemas"]["ActionRejected"] | components["schemas"]["ApprovalExpired"] | components["schemas"]["ActionStarted"] | components["schemas"]["ActionFinished"] | components["schemas"]["ActionBroke"] | components["schemas"]["Verified"] | components["schemas"]["ActionUndone"] | components["schemas"]["UndoFailed"] | components["schemas"]["Escalated"] | components["schemas"]["ResponseEnded"] | components["schemas"]["AlertHeld"] | components["schemas"]["BatchTaken"] | components["schemas"]["BodyRejected"] | components["schemas"]["SilenceCreated"] | components["schemas"]["SilenceEnded"] | components["schemas"]["ProcessStarted"] | components["schemas"]["ProcessStopped"] | components["schemas"]["SourceFailed"] | components["schemas"]["SourceRecovered"];
            /** Offset */
            offset: number;
            /** Position */
            position: number;
            /** Type */
            type: string;
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
         * Resolve
         * @description Declare that the service is restored.
         */
        Resolve: {
            /** By */
            by?: string | null;
            /** Reason */
            reason: string;
        };
        /**
         * ResponseEnded
         * @description The agents are done with this run: `resolved`, `escalated`, `superseded` or `failed`.
         */
        ResponseEnded: {
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
            edges: [
                string,
                string
            ][];
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
         * Verified
         * @description The verdict on a fix: `recovered`, `not_recovered`, `worse` or `unknown` (could not look).
         */
        Verified: {
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
                    "application/json": components["schemas"]["Page_AgentHealth_"];
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
    close_incident_api_v1_incidents__incident_id__close_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
    merge_incident_api_v1_incidents__incident_id__merge_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
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
                /** @description Names this request: sent again with the same key, it changes nothing and answers as things stand. */
                "Idempotency-Key"?: string | null;
                /** @description Who is asking, unless the body says so. */
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
                /** @description Who is asking, unless the body says so. */
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
}
