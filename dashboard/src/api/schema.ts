// A stand-in until openapi.json is there; `npm run generate` replaces this file.
export interface components {
  schemas: {
    RunState: "idle" | "starting" | "running" | "stopping" | "success" | "failed" | "stopped";
    StageState: "waiting" | "running" | "retrying" | "success" | "failed" | "stopped";
    Reason:
      | "stage_error"
      | "timed_out"
      | "hung"
      | "crashed"
      | "out_of_memory"
      | "disk_full"
      | "balance_open"
      | "interrupted"
      | "internal_error";
    Trigger: "schedule" | "api" | "cli";
    Progress: { done: number; total: number };
    StageRun: {
      name: string;
      state: components["schemas"]["StageState"];
      attempts: number;
      started_at: string | null;
      ended_at: string | null;
      progress: components["schemas"]["Progress"] | null;
      reason: components["schemas"]["Reason"] | null;
      message: string;
      data: { [key: string]: unknown };
    };
    RunCounts: {
      files_processed: number;
      records: number;
      rows: number;
      quarantined: number;
      inserted: number;
      updated: number;
      unchanged: number;
      held_back: number;
    };
    Run: {
      run_id: string;
      state: components["schemas"]["RunState"];
      trigger: components["schemas"]["Trigger"];
      mark: string | null;
      started_at: string;
      ended_at: string | null;
      stages: components["schemas"]["StageRun"][];
      counts: components["schemas"]["RunCounts"];
      reason: components["schemas"]["Reason"] | null;
      message: string;
    };
    Schedule: { cron: string; timezone: string; paused: boolean; next_run_at: string | null };
    Status: {
      version: number;
      state: components["schemas"]["RunState"];
      run: components["schemas"]["Run"] | null;
      last_run: components["schemas"]["Run"] | null;
      schedule: components["schemas"]["Schedule"];
      readonly run_id: string | null;
      readonly stage: string | null;
      readonly progress: number | null;
      readonly started_at: string | null;
      readonly next_run_at: string | null;
      readonly counts: components["schemas"]["RunCounts"];
    };
    EventRecord: {
      seq: number;
      timestamp: string;
      run_id: string | null;
      stage: string;
      event: string;
      msg: string;
      data: { [key: string]: unknown };
    };
    InputItem: {
      name: string;
      dataset: string;
      state: "waiting" | "settling" | "translated" | "merged" | "held_back" | "quarantined";
      size: number;
      modified_at: string | null;
      records: number;
      rows: number;
      quarantined: number;
      run_id: string | null;
      message: string;
    };
    InputSummary: {
      waiting: number;
      settling: number;
      done: number;
      quarantined: number;
      held_back: number;
      bytes_waiting: number;
      rows: number;
      last_arrival_at: string | null;
    };
    Column: { name: string; type: string };
    Dataset: {
      name: string;
      rows: number;
      size_bytes: number;
      version: number;
      updated_at: string | null;
      files: number;
      columns: components["schemas"]["Column"][];
      keys: string[];
    };
    StartRequest: { stages?: string[] | null; resume?: string | null };
  };
}

type Json<T> = { headers: { [name: string]: unknown }; content: { "application/json": T } };
type Schemas = components["schemas"];
type Call<Responses, Query = undefined, Path = undefined, Body = undefined> = {
  parameters: { query?: Query; path: Path extends undefined ? never : Path };
  requestBody: Body extends undefined ? never : { content: { "application/json": Body } };
  responses: Responses;
};

export interface paths {
  "/api/pipeline/start": {
    post: { parameters: object; requestBody?: { content: { "application/json": Schemas["StartRequest"] } }; responses: { 202: Json<Schemas["Run"]> } };
  };
  "/api/pipeline/stop": { post: { parameters: object; responses: { 202: Json<Schemas["Status"]> } } };
  "/api/pipeline/reset": { post: { parameters: object; responses: { 200: Json<Schemas["Status"]> } } };
  "/api/pipeline/stage/{name}": {
    post: { parameters: { path: { name: string } }; responses: { 202: Json<Schemas["Run"]> } };
  };
  "/api/schedule/pause": { post: { parameters: object; responses: { 200: Json<Schemas["Schedule"]> } } };
  "/api/schedule/resume": { post: { parameters: object; responses: { 200: Json<Schemas["Schedule"]> } } };
  "/api/events": {
    get: {
      parameters: { query?: { since?: number; limit?: number } };
      responses: { 200: Json<{ items: Schemas["EventRecord"][]; next: number | null; total: number }> };
    };
  };
  "/api/inputs": {
    get: {
      parameters: { query?: { limit?: number } };
      responses: {
        200: Json<{ items: Schemas["InputItem"][]; next: string | null; total: number; summary: Schemas["InputSummary"] }>;
      };
    };
  };
  "/api/datasets": {
    get: {
      parameters: object;
      responses: { 200: Json<{ items: Schemas["Dataset"][]; next: string | null; total: number }> };
    };
  };
}
export type { Call };
