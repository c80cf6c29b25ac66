-- A database of schema 2 after finished runs of each kind, a job and an external run: pg_dump --inserts --no-owner, without the dashboard's notes and figures.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE TYPE public.studydirection AS ENUM (
    'NOT_SET',
    'MINIMIZE',
    'MAXIMIZE'
);
CREATE TYPE public.trialintermediatevaluetype AS ENUM (
    'FINITE',
    'INF_POS',
    'INF_NEG',
    'NAN'
);
CREATE TYPE public.trialstate AS ENUM (
    'RUNNING',
    'COMPLETE',
    'PRUNED',
    'FAIL',
    'WAITING'
);
CREATE TYPE public.trialvaluetype AS ENUM (
    'FINITE',
    'INF_POS',
    'INF_NEG'
);
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.oracle_job_events (
    job integer NOT NULL,
    number integer NOT NULL,
    kind character varying(16) NOT NULL,
    text text NOT NULL
);
CREATE TABLE public.oracle_job_keys (
    owner character varying(64) NOT NULL,
    key character varying(64) NOT NULL,
    job_id character varying(200) NOT NULL
);
CREATE TABLE public.oracle_jobs (
    number integer NOT NULL,
    id character varying(200) NOT NULL,
    owner character varying(64) NOT NULL,
    study_name character varying(200) NOT NULL,
    study text NOT NULL,
    source text NOT NULL,
    data character varying(200),
    priority integer NOT NULL,
    state character varying(16) NOT NULL,
    run_id character varying(200),
    done integer DEFAULT 0 NOT NULL,
    known integer DEFAULT 0 NOT NULL,
    seconds_left double precision,
    message text DEFAULT ''::text NOT NULL,
    problems text DEFAULT '[]'::text NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    told integer DEFAULT 0 NOT NULL,
    submitted timestamp without time zone NOT NULL,
    started timestamp without time zone,
    ended timestamp without time zone,
    holder character varying(64),
    process character varying(200),
    beat integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.oracle_jobs_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.oracle_jobs_number_seq OWNED BY public.oracle_jobs.number;
CREATE TABLE public.oracle_leases (
    graph character varying(64) NOT NULL,
    holder character varying(32) NOT NULL,
    process character varying(200) NOT NULL,
    beat integer NOT NULL
);
CREATE TABLE public.oracle_migrations (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.oracle_observations (
    number integer NOT NULL,
    run_id character varying(200) NOT NULL,
    cycle integer NOT NULL,
    max_lr double precision NOT NULL,
    replicate integer NOT NULL,
    accuracy double precision,
    owner character varying(64) NOT NULL,
    reported timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.oracle_observations_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.oracle_observations_number_seq OWNED BY public.oracle_observations.number;
CREATE TABLE public.oracle_outside_runs (
    number integer NOT NULL,
    run_id character varying(200) NOT NULL,
    spec text NOT NULL,
    owner character varying(64) NOT NULL,
    declared timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.oracle_outside_runs_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.oracle_outside_runs_number_seq OWNED BY public.oracle_outside_runs.number;
CREATE TABLE public.oracle_plans (
    run_id character varying(80) NOT NULL,
    device character varying(16) NOT NULL,
    engine character varying(32) NOT NULL,
    most integer NOT NULL
);
CREATE TABLE public.oracle_runs (
    number integer NOT NULL,
    run_id character varying(80) NOT NULL,
    graph character varying(64) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    study text NOT NULL,
    state character varying(16) NOT NULL
);
CREATE SEQUENCE public.oracle_runs_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.oracle_runs_number_seq OWNED BY public.oracle_runs.number;
CREATE TABLE public.oracle_schema (
    version integer NOT NULL
);
CREATE SEQUENCE public.oracle_schema_version_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.oracle_schema_version_seq OWNED BY public.oracle_schema.version;
CREATE TABLE public.oracle_sessions (
    digest character varying(64) NOT NULL,
    token character varying(64) NOT NULL,
    expires timestamp without time zone NOT NULL
);
CREATE TABLE public.oracle_tokens (
    name character varying(64) NOT NULL,
    digest character varying(64) NOT NULL,
    scope character varying(16) NOT NULL,
    created timestamp without time zone NOT NULL
);
CREATE TABLE public.studies (
    study_id integer NOT NULL,
    study_name character varying(512) NOT NULL
);
CREATE SEQUENCE public.studies_study_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.studies_study_id_seq OWNED BY public.studies.study_id;
CREATE TABLE public.study_directions (
    study_direction_id integer NOT NULL,
    direction public.studydirection NOT NULL,
    study_id integer NOT NULL,
    objective integer NOT NULL
);
CREATE SEQUENCE public.study_directions_study_direction_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.study_directions_study_direction_id_seq OWNED BY public.study_directions.study_direction_id;
CREATE TABLE public.study_system_attributes (
    study_system_attribute_id integer NOT NULL,
    study_id integer,
    key character varying(512),
    value_json text
);
CREATE SEQUENCE public.study_system_attributes_study_system_attribute_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.study_system_attributes_study_system_attribute_id_seq OWNED BY public.study_system_attributes.study_system_attribute_id;
CREATE TABLE public.study_user_attributes (
    study_user_attribute_id integer NOT NULL,
    study_id integer,
    key character varying(512),
    value_json text
);
CREATE SEQUENCE public.study_user_attributes_study_user_attribute_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.study_user_attributes_study_user_attribute_id_seq OWNED BY public.study_user_attributes.study_user_attribute_id;
CREATE TABLE public.trial_heartbeats (
    trial_heartbeat_id integer NOT NULL,
    trial_id integer NOT NULL,
    heartbeat timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.trial_heartbeats_trial_heartbeat_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trial_heartbeats_trial_heartbeat_id_seq OWNED BY public.trial_heartbeats.trial_heartbeat_id;
CREATE TABLE public.trial_intermediate_values (
    trial_intermediate_value_id integer NOT NULL,
    trial_id integer NOT NULL,
    step integer NOT NULL,
    intermediate_value double precision,
    intermediate_value_type public.trialintermediatevaluetype NOT NULL
);
CREATE SEQUENCE public.trial_intermediate_values_trial_intermediate_value_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trial_intermediate_values_trial_intermediate_value_id_seq OWNED BY public.trial_intermediate_values.trial_intermediate_value_id;
CREATE TABLE public.trial_params (
    param_id integer NOT NULL,
    trial_id integer,
    param_name character varying(512),
    param_value double precision,
    distribution_json text
);
CREATE SEQUENCE public.trial_params_param_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trial_params_param_id_seq OWNED BY public.trial_params.param_id;
CREATE TABLE public.trial_system_attributes (
    trial_system_attribute_id integer NOT NULL,
    trial_id integer,
    key character varying(512),
    value_json text
);
CREATE SEQUENCE public.trial_system_attributes_trial_system_attribute_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trial_system_attributes_trial_system_attribute_id_seq OWNED BY public.trial_system_attributes.trial_system_attribute_id;
CREATE TABLE public.trial_user_attributes (
    trial_user_attribute_id integer NOT NULL,
    trial_id integer,
    key character varying(512),
    value_json text
);
CREATE SEQUENCE public.trial_user_attributes_trial_user_attribute_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trial_user_attributes_trial_user_attribute_id_seq OWNED BY public.trial_user_attributes.trial_user_attribute_id;
CREATE TABLE public.trial_values (
    trial_value_id integer NOT NULL,
    trial_id integer NOT NULL,
    objective integer NOT NULL,
    value double precision,
    value_type public.trialvaluetype NOT NULL
);
CREATE SEQUENCE public.trial_values_trial_value_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trial_values_trial_value_id_seq OWNED BY public.trial_values.trial_value_id;
CREATE TABLE public.trials (
    trial_id integer NOT NULL,
    number integer,
    study_id integer,
    state public.trialstate NOT NULL,
    datetime_start timestamp without time zone,
    datetime_complete timestamp without time zone
);
CREATE SEQUENCE public.trials_trial_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trials_trial_id_seq OWNED BY public.trials.trial_id;
CREATE TABLE public.version_info (
    version_info_id integer NOT NULL,
    schema_version integer,
    library_version character varying(256),
    CONSTRAINT version_info_version_info_id_check CHECK ((version_info_id = 1))
);
ALTER TABLE ONLY public.oracle_jobs ALTER COLUMN number SET DEFAULT nextval('public.oracle_jobs_number_seq'::regclass);
ALTER TABLE ONLY public.oracle_observations ALTER COLUMN number SET DEFAULT nextval('public.oracle_observations_number_seq'::regclass);
ALTER TABLE ONLY public.oracle_outside_runs ALTER COLUMN number SET DEFAULT nextval('public.oracle_outside_runs_number_seq'::regclass);
ALTER TABLE ONLY public.oracle_runs ALTER COLUMN number SET DEFAULT nextval('public.oracle_runs_number_seq'::regclass);
ALTER TABLE ONLY public.oracle_schema ALTER COLUMN version SET DEFAULT nextval('public.oracle_schema_version_seq'::regclass);
ALTER TABLE ONLY public.studies ALTER COLUMN study_id SET DEFAULT nextval('public.studies_study_id_seq'::regclass);
ALTER TABLE ONLY public.study_directions ALTER COLUMN study_direction_id SET DEFAULT nextval('public.study_directions_study_direction_id_seq'::regclass);
ALTER TABLE ONLY public.study_system_attributes ALTER COLUMN study_system_attribute_id SET DEFAULT nextval('public.study_system_attributes_study_system_attribute_id_seq'::regclass);
ALTER TABLE ONLY public.study_user_attributes ALTER COLUMN study_user_attribute_id SET DEFAULT nextval('public.study_user_attributes_study_user_attribute_id_seq'::regclass);
ALTER TABLE ONLY public.trial_heartbeats ALTER COLUMN trial_heartbeat_id SET DEFAULT nextval('public.trial_heartbeats_trial_heartbeat_id_seq'::regclass);
ALTER TABLE ONLY public.trial_intermediate_values ALTER COLUMN trial_intermediate_value_id SET DEFAULT nextval('public.trial_intermediate_values_trial_intermediate_value_id_seq'::regclass);
ALTER TABLE ONLY public.trial_params ALTER COLUMN param_id SET DEFAULT nextval('public.trial_params_param_id_seq'::regclass);
ALTER TABLE ONLY public.trial_system_attributes ALTER COLUMN trial_system_attribute_id SET DEFAULT nextval('public.trial_system_attributes_trial_system_attribute_id_seq'::regclass);
ALTER TABLE ONLY public.trial_user_attributes ALTER COLUMN trial_user_attribute_id SET DEFAULT nextval('public.trial_user_attributes_trial_user_attribute_id_seq'::regclass);
ALTER TABLE ONLY public.trial_values ALTER COLUMN trial_value_id SET DEFAULT nextval('public.trial_values_trial_value_id_seq'::regclass);
ALTER TABLE ONLY public.trials ALTER COLUMN trial_id SET DEFAULT nextval('public.trials_trial_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('v3.2.0.a');
INSERT INTO public.oracle_job_events VALUES (1, 1, 'state', 'queued');
INSERT INTO public.oracle_job_events VALUES (1, 2, 'state', 'running');
INSERT INTO public.oracle_job_events VALUES (1, 3, 'line', 'cycle  0  100.00 % remaining  well-tuned 0.2      region [0.2, 0.2]');
INSERT INTO public.oracle_job_events VALUES (1, 4, 'line', 'cycle  1   82.77 % remaining  well-tuned 0.4      region [0.4, 0.4]');
INSERT INTO public.oracle_job_events VALUES (1, 5, 'state', 'done');
INSERT INTO public.oracle_job_events VALUES (2, 1, 'state', 'queued');
INSERT INTO public.oracle_job_events VALUES (2, 2, 'state', 'cancelled');
INSERT INTO public.oracle_jobs VALUES (2, 'waiting-f2a1f02a', 'local', 'waiting', '{"name": "waiting", "beside": null, "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [8], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "init"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 1, "seed": 1, "record": null, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "oracle", "schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "grid": {"extend": false, "floor": null, "ceiling": null, "max_lr": [0.2, 0.4]}, "search": "grid", "tolerance": 0.5, "tolerance_kind": "points", "beam": 1, "s_cyc": {"epsilon": 0.3, "delta": 0.1, "q": 0, "beta": 3.0}, "rivals": [], "paper": null}', 'cycles: 1
dataset: digits
grid:
  extend: false
  max_lr:
  - 0.2
  - 0.4
name: waiting
network:
  hidden:
  - 8
  name: fully_connected
pack: 4
pruning:
  rewind: init
replicates: 1
s_cyc:
  beta: 3.0
  delta: 0.1
  epsilon: 0.3
  q: 0
schedule:
  drops:
  - 8
  warmup: 3
seed: 1
subset: 0.2
training:
  batch: 16
  steps: 12
  validate_every: 6
', NULL, 0, 'cancelled', NULL, 0, 0, NULL, '', '[]', 3, 2, '2026-11-28 05:51:04.885669', NULL, '2026-11-28 05:51:04.897436', NULL, NULL, 0);
INSERT INTO public.oracle_jobs VALUES (1, 'served-090958a1', 'ann', 'served', '{"name": "served", "beside": null, "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [8], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "init"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 1, "seed": 1, "record": null, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "oracle", "schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "grid": {"extend": false, "floor": null, "ceiling": null, "max_lr": [0.2, 0.4]}, "search": "grid", "tolerance": 0.5, "tolerance_kind": "points", "beam": 1, "s_cyc": {"epsilon": 0.3, "delta": 0.1, "q": 0, "beta": 3.0}, "rivals": [], "paper": null}', 'cycles: 1
dataset: digits
grid:
  extend: false
  max_lr:
  - 0.2
  - 0.4
name: served
network:
  hidden:
  - 8
  name: fully_connected
pack: 4
pruning:
  rewind: init
replicates: 1
s_cyc:
  beta: 3.0
  delta: 0.1
  epsilon: 0.3
  q: 0
schedule:
  drops:
  - 8
  warmup: 3
seed: 1
subset: 0.2
training:
  batch: 16
  steps: 12
  validate_every: 6
', NULL, 0, 'done', 'served-de0fe52c', 6, 6, NULL, '', '[]', 11, 5, '2026-11-28 05:51:02.529614', '2026-11-28 05:51:02.541946', '2026-11-28 05:51:03.835406', NULL, NULL, 0);
INSERT INTO public.oracle_leases VALUES ('g', 'hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh', 'boot/ns 7 99 far-host', 3);
INSERT INTO public.oracle_migrations VALUES ('0002');
INSERT INTO public.oracle_observations VALUES (1, 'mine-65e24ead', 0, 0.05, 0, 87.5, 'local', '2026-11-28 05:51:03.956308');
INSERT INTO public.oracle_observations VALUES (2, 'mine-65e24ead', 0, 0.1, 0, 90, 'local', '2026-11-28 05:51:04.508408');
INSERT INTO public.oracle_observations VALUES (3, 'mine-65e24ead', 0, 0.2, 0, 85, 'local', '2026-11-28 05:51:04.537651');
INSERT INTO public.oracle_observations VALUES (4, 'mine-65e24ead', 0, 0.05, 1, 88.5, 'local', '2026-11-28 05:51:04.564455');
INSERT INTO public.oracle_observations VALUES (5, 'mine-65e24ead', 0, 0.1, 1, 91, 'local', '2026-11-28 05:51:04.590214');
INSERT INTO public.oracle_observations VALUES (6, 'mine-65e24ead', 0, 0.2, 1, NULL, 'local', '2026-11-28 05:51:04.618644');
INSERT INTO public.oracle_observations VALUES (7, 'mine-65e24ead', 1, 0.05, 0, 82.5, 'local', '2026-11-28 05:51:04.645281');
INSERT INTO public.oracle_observations VALUES (8, 'mine-65e24ead', 1, 0.1, 0, 85, 'local', '2026-11-28 05:51:04.686403');
INSERT INTO public.oracle_observations VALUES (9, 'mine-65e24ead', 1, 0.2, 0, 90, 'local', '2026-11-28 05:51:04.729695');
INSERT INTO public.oracle_observations VALUES (10, 'mine-65e24ead', 1, 0.05, 1, 83.5, 'local', '2026-11-28 05:51:04.77452');
INSERT INTO public.oracle_observations VALUES (11, 'mine-65e24ead', 1, 0.1, 1, 86, 'local', '2026-11-28 05:51:04.813595');
INSERT INTO public.oracle_observations VALUES (12, 'mine-65e24ead', 1, 0.2, 1, 91, 'local', '2026-11-28 05:51:04.849854');
INSERT INTO public.oracle_outside_runs VALUES (1, 'mine-65e24ead', '{"name": "mine", "description": "", "grid": {"extend": false, "floor": null, "ceiling": null, "max_lr": [0.05, 0.1, 0.2]}, "search": "grid", "cycles": 1, "replicates": 2, "tolerance": 0.5, "tolerance_kind": "points", "pruning_rate": 0.2, "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0}}', 'local', '2026-11-28 05:51:03.904523');
INSERT INTO public.oracle_plans VALUES ('tiny-1c2bc740', 'cuda', 'grouped', 24);
INSERT INTO public.oracle_runs VALUES (1, 'tiny-1c2bc740', 'b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc', '8848cd3831da3f7e3f5f735ae2797a490f95fccb0ce89d6f9c9b7e377c240148', '{"name": "tiny", "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [8], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "init"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 2, "seed": 0, "record": null, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "oracle", "schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "grid": {"extend": false, "floor": null, "ceiling": null, "max_lr": [0.2, 0.4, 0.8]}, "search": "grid", "tolerance": 0.5, "tolerance_kind": "points", "beam": 1, "s_cyc": {"epsilon": 0.3, "delta": 0.1, "q": 0, "beta": 3.0}, "rivals": [], "paper": null}', 'done');
INSERT INTO public.oracle_runs VALUES (3, 'duel-a9ef25c0', 'b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc', '8848cd3831da3f7e3f5f735ae2797a490f95fccb0ce89d6f9c9b7e377c240148', '{"name": "duel", "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [8], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "last"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 2, "seed": 0, "record": null, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "schedules", "schedules": [{"schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "max_lr": null, "s_cyc": {"epsilon": 0.3, "delta": 0.1, "q": 0, "beta": 3.0}, "label": "S-Cyc", "tune": null}, {"schedule": {"name": "cyclical", "low": 0.0, "step": 4}, "max_lr": null, "s_cyc": null, "label": "tuned", "tune": {"max_lr": {"extend": false, "floor": null, "ceiling": null, "max_lr": [0.2, 0.4]}}}], "columns": null, "paper": null}', 'done');
INSERT INTO public.oracle_runs VALUES (5, 'seek-b1ca6819', 'b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc', '8848cd3831da3f7e3f5f735ae2797a490f95fccb0ce89d6f9c9b7e377c240148', '{"name": "seek", "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [8], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "init"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 2, "seed": 0, "record": null, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "search", "schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "search": {"name": "grid", "epsilon": [0.2, 0.4], "delta": [0.1], "q": [0], "beta": [3.0]}, "objective": {"name": "mean", "cycles": null}, "resolution": null, "beside": "tiny"}', 'done');
INSERT INTO public.oracle_runs VALUES (7, 'traced-e8abaa97', 'fb8516eda51179cd07535a4944e78104a94a4f28a14355c6578371459630aef6', '8848cd3831da3f7e3f5f735ae2797a490f95fccb0ce89d6f9c9b7e377c240148', '{"schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "max_lr": null, "s_cyc": {"epsilon": 0.3, "delta": 0.1, "q": 0, "beta": 3.0}, "name": "traced", "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [8], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "last"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 1, "seed": 0, "record": {"what": ["weight_gradients"], "batches": 2, "outside": null}, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "distributions", "paper": null}', 'done');
INSERT INTO public.oracle_runs VALUES (9, 'served-de0fe52c', '6091390304e8c0d47bb2dd14cb3e0bcca9bbf2d4ff2bde186ed2753c0cbe6c4f', '159ffc49440cae59ff19b3955bcb6db1b14cd6998f5a315670e8e9fe01bcf0cf', '{"name": "served", "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [8], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "init"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 1, "seed": 1, "record": null, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "oracle", "schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "grid": {"extend": false, "floor": null, "ceiling": null, "max_lr": [0.2, 0.4]}, "search": "grid", "tolerance": 0.5, "tolerance_kind": "points", "beam": 1, "s_cyc": {"epsilon": 0.3, "delta": 0.1, "q": 0, "beta": 3.0}, "rivals": [], "paper": null}', 'done');
INSERT INTO public.oracle_schema VALUES (2);
INSERT INTO public.oracle_sessions VALUES ('forms', '749e131532aa6c35eb24918797f999a57d27b282022dfccb9cfdfb053ca4786b', '9999-12-31 23:59:59.999999');
INSERT INTO public.oracle_tokens VALUES ('ann', 'c61a9db73bc10cd3c2bda605bdb52f0e53d950f92f0031951edd6cacc72820f7', 'submit', '2026-11-28 05:51:05.209396');
INSERT INTO public.studies VALUES (1, 'tiny/b6eae83f/cycle-00/e5978b7d');
INSERT INTO public.studies VALUES (2, 'tiny/b6eae83f/path/93847a2a');
INSERT INTO public.studies VALUES (3, 'tiny/b6eae83f/cycle-01/b9620bef');
INSERT INTO public.studies VALUES (4, 'duel/b6eae83f/cycle-00/48b8febc');
INSERT INTO public.studies VALUES (5, 'duel/b6eae83f/path/bfc3ca5b');
INSERT INTO public.studies VALUES (6, 'duel/b6eae83f/path/8e8f3e88');
INSERT INTO public.studies VALUES (7, 'seek/b6eae83f/candidates/4d9cf297');
INSERT INTO public.studies VALUES (8, 'seek/b6eae83f/search/f27b8fff');
INSERT INTO public.studies VALUES (9, 'traced/fb8516ed/path/af70edcd');
INSERT INTO public.studies VALUES (10, 'served/60913903/cycle-00/eea57eae');
INSERT INTO public.studies VALUES (11, 'served/60913903/path/c07db700');
INSERT INTO public.studies VALUES (12, 'served/60913903/cycle-01/9f283b2a');
INSERT INTO public.studies VALUES (13, 'mine-65e24ead/observations');
INSERT INTO public.study_directions VALUES (1, 'MAXIMIZE', 1, 0);
INSERT INTO public.study_directions VALUES (2, 'MAXIMIZE', 2, 0);
INSERT INTO public.study_directions VALUES (3, 'MAXIMIZE', 3, 0);
INSERT INTO public.study_directions VALUES (4, 'MAXIMIZE', 4, 0);
INSERT INTO public.study_directions VALUES (5, 'MAXIMIZE', 5, 0);
INSERT INTO public.study_directions VALUES (6, 'MAXIMIZE', 6, 0);
INSERT INTO public.study_directions VALUES (7, 'MAXIMIZE', 7, 0);
INSERT INTO public.study_directions VALUES (8, 'MAXIMIZE', 8, 0);
INSERT INTO public.study_directions VALUES (9, 'MAXIMIZE', 9, 0);
INSERT INTO public.study_directions VALUES (10, 'MAXIMIZE', 10, 0);
INSERT INTO public.study_directions VALUES (11, 'MAXIMIZE', 11, 0);
INSERT INTO public.study_directions VALUES (12, 'MAXIMIZE', 12, 0);
INSERT INTO public.study_directions VALUES (13, 'MAXIMIZE', 13, 0);
INSERT INTO public.study_system_attributes VALUES (1, 1, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (2, 2, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (3, 3, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (37, 4, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (38, 5, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (39, 6, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (82, 7, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (83, 8, 'study:metric_names', '["mean accuracy of cycles 0 to 1, %"]');
INSERT INTO public.study_system_attributes VALUES (116, 9, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (132, 10, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (133, 11, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (134, 12, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (168, 13, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_user_attributes VALUES (1, 1, 'place', '{"kind": "oracle", "cycle": 0}');
INSERT INTO public.study_user_attributes VALUES (2, 1, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (3, 2, 'place', '{"kind": "path", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (4, 2, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (5, 3, 'place', '{"kind": "oracle", "cycle": 1}');
INSERT INTO public.study_user_attributes VALUES (6, 3, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (7, 1, 'run:tiny-1c2bc740', '{"role": "oracle", "cycle": 0, "grid": [0.2, 0.4, 0.8], "replicates": 2}');
INSERT INTO public.study_user_attributes VALUES (8, 3, 'run:tiny-1c2bc740', '{"role": "oracle", "cycle": 1, "grid": [0.2, 0.4, 0.8], "replicates": 2}');
INSERT INTO public.study_user_attributes VALUES (9, 2, 'run:tiny-1c2bc740', '{"role": "s_cyc"}');
INSERT INTO public.study_user_attributes VALUES (10, 4, 'place', '{"kind": "oracle", "cycle": 0}');
INSERT INTO public.study_user_attributes VALUES (11, 4, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (12, 5, 'place', '{"kind": "path", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (13, 5, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (14, 6, 'place', '{"kind": "path", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (15, 6, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (16, 5, 'run:duel-a9ef25c0', '{"role": "schedule", "label": "S-Cyc"}');
INSERT INTO public.study_user_attributes VALUES (17, 6, 'run:duel-a9ef25c0', '{"role": "schedule", "label": "tuned"}');
INSERT INTO public.study_user_attributes VALUES (18, 4, 'run:duel-a9ef25c0', '{"role": "tuning", "label": "tuned"}');
INSERT INTO public.study_user_attributes VALUES (19, 7, 'place', '{"kind": "candidates", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (20, 7, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (21, 8, 'place', '{"kind": "search", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (22, 8, 'graph', '"b6eae83f3a929b650557ec4aa6a27e7a3bac587e954cdcc5aa20b8eea056c6cc"');
INSERT INTO public.study_user_attributes VALUES (23, 8, 'run:seek-b1ca6819', '{"role": "search"}');
INSERT INTO public.study_user_attributes VALUES (24, 7, 'run:seek-b1ca6819', '{"role": "candidates"}');
INSERT INTO public.study_user_attributes VALUES (25, 9, 'place', '{"kind": "path", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (26, 9, 'graph', '"fb8516eda51179cd07535a4944e78104a94a4f28a14355c6578371459630aef6"');
INSERT INTO public.study_user_attributes VALUES (27, 9, 'run:traced-e8abaa97', '{"role": "distributions"}');
INSERT INTO public.study_user_attributes VALUES (28, 10, 'place', '{"kind": "oracle", "cycle": 0}');
INSERT INTO public.study_user_attributes VALUES (29, 10, 'graph', '"6091390304e8c0d47bb2dd14cb3e0bcca9bbf2d4ff2bde186ed2753c0cbe6c4f"');
INSERT INTO public.study_user_attributes VALUES (30, 11, 'place', '{"kind": "path", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (31, 11, 'graph', '"6091390304e8c0d47bb2dd14cb3e0bcca9bbf2d4ff2bde186ed2753c0cbe6c4f"');
INSERT INTO public.study_user_attributes VALUES (32, 12, 'place', '{"kind": "oracle", "cycle": 1}');
INSERT INTO public.study_user_attributes VALUES (33, 12, 'graph', '"6091390304e8c0d47bb2dd14cb3e0bcca9bbf2d4ff2bde186ed2753c0cbe6c4f"');
INSERT INTO public.study_user_attributes VALUES (34, 10, 'run:served-de0fe52c', '{"role": "oracle", "cycle": 0, "grid": [0.2, 0.4], "replicates": 1}');
INSERT INTO public.study_user_attributes VALUES (35, 12, 'run:served-de0fe52c', '{"role": "oracle", "cycle": 1, "grid": [0.2, 0.4], "replicates": 1}');
INSERT INTO public.study_user_attributes VALUES (36, 11, 'run:served-de0fe52c', '{"role": "s_cyc"}');
INSERT INTO public.study_user_attributes VALUES (37, 13, 'outside', '"mine-65e24ead"');
INSERT INTO public.trial_intermediate_values VALUES (1, 1, 6, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (2, 1, 12, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (3, 2, 6, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (4, 2, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (5, 3, 6, 13.88888888888889, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (6, 3, 12, 11.11111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (7, 4, 6, 19.444444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (8, 4, 12, 25, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (9, 5, 6, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (10, 5, 12, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (11, 6, 6, 18.055555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (12, 6, 12, 19.444444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (13, 7, 6, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (14, 7, 12, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (15, 8, 6, 25, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (16, 8, 12, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (17, 9, 6, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (18, 9, 12, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (19, 10, 6, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (20, 10, 12, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (21, 11, 6, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (22, 11, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (23, 12, 6, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (24, 12, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (25, 13, 6, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (26, 13, 12, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (27, 14, 6, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (28, 14, 12, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (29, 15, 6, 2.7777777777777777, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (30, 15, 12, 20.833333333333332, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (31, 16, 6, 36.111111111111114, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (32, 16, 12, 38.888888888888886, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (33, 17, 6, 26.38888888888889, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (34, 17, 12, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (35, 18, 6, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (36, 18, 12, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (37, 19, 6, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (38, 19, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (39, 20, 6, 19.444444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (40, 20, 12, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (41, 21, 6, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (42, 21, 12, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (43, 22, 6, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (44, 22, 12, 19.444444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (45, 23, 6, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (46, 23, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (47, 24, 6, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (48, 24, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (49, 25, 6, 25, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (50, 25, 12, 26.38888888888889, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (51, 26, 6, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (52, 26, 12, 38.888888888888886, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (53, 27, 6, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (54, 27, 12, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (55, 28, 6, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (56, 28, 12, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (57, 29, 0, 28.47222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (58, 29, 1, 32.638888888888886, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (59, 30, 0, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (60, 30, 1, 36.80555555555556, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (61, 31, 6, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (62, 31, 12, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (63, 32, 6, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (64, 32, 12, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (65, 33, 6, 20.833333333333332, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (66, 33, 12, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (67, 34, 6, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (68, 34, 12, 26.38888888888889, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (69, 35, 6, 19.444444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (70, 35, 12, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (71, 36, 6, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (72, 36, 12, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (73, 37, 6, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (74, 37, 12, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (75, 38, 6, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (76, 38, 12, 36.111111111111114, 'FINITE');
INSERT INTO public.trial_params VALUES (1, 1, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (2, 1, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (3, 2, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (4, 2, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (5, 3, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (6, 3, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (7, 4, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (8, 4, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (9, 5, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (10, 5, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (11, 6, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (12, 6, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (13, 7, 'max_lr', 0.3, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (14, 7, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (15, 7, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (16, 8, 'max_lr', 0.3, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (17, 8, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (18, 8, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (19, 9, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (20, 9, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (21, 10, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (22, 10, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (23, 11, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (24, 11, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (25, 12, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (26, 12, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (27, 13, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (28, 13, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (29, 14, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (30, 14, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (31, 15, 'max_lr', 0.30153846153846153, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (32, 15, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (33, 15, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (34, 16, 'max_lr', 0.30153846153846153, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (35, 16, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (36, 16, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (37, 17, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (38, 17, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (39, 18, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (40, 18, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (41, 19, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (42, 19, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (43, 20, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (44, 20, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (45, 21, 'max_lr', 0.30153846153846153, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (46, 21, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (47, 21, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (48, 22, 'max_lr', 0.30153846153846153, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (49, 22, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (50, 22, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (51, 23, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (52, 23, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (53, 23, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (54, 24, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (55, 24, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (56, 24, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (57, 25, 'max_lr', 0.20153846153846156, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (58, 25, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (59, 25, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (60, 26, 'max_lr', 0.20153846153846156, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (61, 26, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (62, 26, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (63, 27, 'max_lr', 0.40153846153846157, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (64, 27, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (65, 27, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (66, 28, 'max_lr', 0.40153846153846157, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (67, 28, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (68, 28, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (69, 29, 'epsilon', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.2, "high": 0.4, "log": true}}');
INSERT INTO public.trial_params VALUES (70, 29, 'delta', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.1, "high": 0.1, "log": false}}');
INSERT INTO public.trial_params VALUES (71, 29, 'q', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 0}}');
INSERT INTO public.trial_params VALUES (72, 29, 'beta', 3, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 3.0, "high": 3.0, "log": false}}');
INSERT INTO public.trial_params VALUES (73, 30, 'epsilon', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.2, "high": 0.4, "log": true}}');
INSERT INTO public.trial_params VALUES (74, 30, 'delta', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.1, "high": 0.1, "log": false}}');
INSERT INTO public.trial_params VALUES (75, 30, 'q', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 0}}');
INSERT INTO public.trial_params VALUES (76, 30, 'beta', 3, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 3.0, "high": 3.0, "log": false}}');
INSERT INTO public.trial_params VALUES (77, 31, 'max_lr', 0.3, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (78, 31, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (79, 31, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (80, 32, 'max_lr', 0.30153846153846153, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (81, 32, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (82, 32, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (83, 33, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (84, 33, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (85, 34, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (86, 34, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (87, 35, 'max_lr', 0.3, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (88, 35, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (89, 35, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (90, 36, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (91, 36, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (92, 37, 'max_lr', 0.4, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (93, 37, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (94, 38, 'max_lr', 0.30153846153846153, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (95, 38, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (96, 38, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (97, 39, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (98, 39, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (99, 39, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (100, 40, 'max_lr', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (101, 40, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (102, 40, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (103, 41, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (104, 41, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (105, 41, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (106, 42, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (107, 42, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (108, 42, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (112, 44, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (113, 44, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (114, 44, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (118, 46, 'max_lr', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (119, 46, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (120, 46, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (124, 48, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (125, 48, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (126, 48, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (130, 50, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (131, 50, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (132, 50, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (109, 43, 'max_lr', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (110, 43, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (111, 43, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (115, 45, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (116, 45, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (117, 45, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (121, 47, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (122, 47, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (123, 47, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (127, 49, 'max_lr', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (128, 49, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (129, 49, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_user_attributes VALUES (1, 1, 'cell', '"512f14b62d53f8dc9d9df778e7aec81f89368aa575a312dd3612d483bc138b39"');
INSERT INTO public.trial_user_attributes VALUES (2, 1, 'test_accuracy', '33.333333333333336');
INSERT INTO public.trial_user_attributes VALUES (3, 1, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (4, 1, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (5, 1, 'checkpoint', '"0ac2061f9f9f7c6a04be27b43f1700f357493f23accb43ed25a28423cc607fe8"');
INSERT INTO public.trial_user_attributes VALUES (6, 1, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (7, 1, 'cost', '{"steps": 12, "seconds": 0.0018575536666200303, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (8, 2, 'cell', '"4933f9eb08e58c3487d71787b7f11105cd737367235db12c705df62d4d53c098"');
INSERT INTO public.trial_user_attributes VALUES (9, 2, 'test_accuracy', '26.38888888888889');
INSERT INTO public.trial_user_attributes VALUES (10, 2, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (11, 2, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (12, 2, 'checkpoint', '"5557924b78340ae0889b09843dedc3a8db45fa9c966cbe3246997cd7fa1836e9"');
INSERT INTO public.trial_user_attributes VALUES (13, 2, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (14, 2, 'cost', '{"steps": 12, "seconds": 0.0018575536666200303, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (15, 3, 'cell', '"c332284160b01225a9d0f578fdb0c590173a5d47f75e70331f7d4239e4a04d58"');
INSERT INTO public.trial_user_attributes VALUES (16, 3, 'test_accuracy', '20.833333333333332');
INSERT INTO public.trial_user_attributes VALUES (17, 3, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (18, 3, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (19, 3, 'checkpoint', '"efc28eac8882d02665044f76e0360351d35c7a31e2ea3935047b704f3da08d60"');
INSERT INTO public.trial_user_attributes VALUES (20, 3, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (21, 3, 'cost', '{"steps": 12, "seconds": 0.0018575536666200303, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (22, 4, 'cell', '"1385b60c3ada11c8c984f824d76d68504f024054d75f74e01e6280fbe5675d91"');
INSERT INTO public.trial_user_attributes VALUES (23, 4, 'test_accuracy', '20.833333333333332');
INSERT INTO public.trial_user_attributes VALUES (24, 4, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (25, 4, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (26, 4, 'checkpoint', '"88bb4038a513a118ea11835b649c7f83a5687db9877ace42437c805fede8273a"');
INSERT INTO public.trial_user_attributes VALUES (27, 4, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (28, 4, 'cost', '{"steps": 12, "seconds": 0.0026521249999404972, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (29, 5, 'cell', '"2ad69615ef7289573084846373e297f7079813b07a78d541cb76385f0dabb77f"');
INSERT INTO public.trial_user_attributes VALUES (30, 5, 'test_accuracy', '23.61111111111111');
INSERT INTO public.trial_user_attributes VALUES (31, 5, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (32, 5, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (33, 5, 'checkpoint', '"18a6aab96e96a646cb837b66b65d5821e08d85dea9b6f83ab2b73f38188c40fd"');
INSERT INTO public.trial_user_attributes VALUES (34, 5, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (35, 5, 'cost', '{"steps": 12, "seconds": 0.0026521249999404972, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (36, 6, 'cell', '"58811c0a0c7c731c713dbba6d3a96d9df31996b94a5ff5a264525681181e0577"');
INSERT INTO public.trial_user_attributes VALUES (37, 6, 'test_accuracy', '15.277777777777779');
INSERT INTO public.trial_user_attributes VALUES (38, 6, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (39, 6, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (40, 6, 'checkpoint', '"46b3f6708f6a44165e1f01e1e66df3128aeea1ce63ce50503a2b1e95d3ea3d2f"');
INSERT INTO public.trial_user_attributes VALUES (41, 6, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (42, 6, 'cost', '{"steps": 12, "seconds": 0.0026521249999404972, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (43, 7, 'cell', '"58aceac2315e36124d41a67532bf9961441ccab7e0c5fb27561797c3d98fe72b"');
INSERT INTO public.trial_user_attributes VALUES (44, 7, 'test_accuracy', '34.72222222222222');
INSERT INTO public.trial_user_attributes VALUES (45, 7, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (46, 7, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (47, 7, 'checkpoint', '"c76bb2359abb9de057402fcca59e52501063c6946edfef95af0f9c5b11cf0ae8"');
INSERT INTO public.trial_user_attributes VALUES (48, 7, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (49, 7, 'cost', '{"steps": 12, "seconds": 0.005101460499986388, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (50, 8, 'cell', '"a965e523245054ffe44a0fa9247aa6874acee8e95a85090933d661012a1b30f4"');
INSERT INTO public.trial_user_attributes VALUES (51, 8, 'test_accuracy', '23.61111111111111');
INSERT INTO public.trial_user_attributes VALUES (52, 8, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (53, 8, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (54, 8, 'checkpoint', '"5ac078208bc744b1719cc725ac588763b27b21f8ec9950592f463d543197565f"');
INSERT INTO public.trial_user_attributes VALUES (55, 8, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (56, 8, 'cost', '{"steps": 12, "seconds": 0.005101460499986388, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (57, 9, 'cell', '"697d4e3bf752f9d37157ed0860b6749c3a72b1a8f1928b8f510c41a15c8d522b"');
INSERT INTO public.trial_user_attributes VALUES (58, 9, 'test_accuracy', '31.944444444444443');
INSERT INTO public.trial_user_attributes VALUES (59, 9, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (60, 9, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (61, 9, 'checkpoint', '"e1a898548ca816e3bc79315af0eeced2427aaab59d74d3afaac7b54717fd6076"');
INSERT INTO public.trial_user_attributes VALUES (62, 9, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (63, 9, 'cost', '{"steps": 12, "seconds": 0.0016180819999741896, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (64, 10, 'cell', '"fb6d0083f9cd6822bca1e3ed708c0b17b4b6757e15e850e179c49b2aa7b740d1"');
INSERT INTO public.trial_user_attributes VALUES (65, 10, 'test_accuracy', '45.833333333333336');
INSERT INTO public.trial_user_attributes VALUES (66, 10, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (67, 10, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (68, 10, 'checkpoint', '"b75c26cea895a0ae4de4128f75fa5c78cd5c2f416064433f5fce188e9859c225"');
INSERT INTO public.trial_user_attributes VALUES (69, 10, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (70, 10, 'cost', '{"steps": 12, "seconds": 0.0016180819999741896, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (71, 11, 'cell', '"aea4199cad93ec548f889e20923fdda97f64b531b2c848ec8d8d298e004b808e"');
INSERT INTO public.trial_user_attributes VALUES (72, 11, 'test_accuracy', '25.0');
INSERT INTO public.trial_user_attributes VALUES (73, 11, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (74, 11, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (75, 11, 'checkpoint', '"182ef0ac1e9a2ff0c508c7a4236d8e33c24a7156f75c401bbc870cf3d7fd80e8"');
INSERT INTO public.trial_user_attributes VALUES (76, 11, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (77, 11, 'cost', '{"steps": 12, "seconds": 0.0016180819999741896, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (78, 12, 'cell', '"dd7cd113b94d1701793a6692c01c77d3dd16530050e30dab2d22579d7ea94c9f"');
INSERT INTO public.trial_user_attributes VALUES (79, 12, 'test_accuracy', '34.72222222222222');
INSERT INTO public.trial_user_attributes VALUES (80, 12, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (81, 12, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (82, 12, 'checkpoint', '"5264f16fd570f11804fd3da33235eecf7a07c92480128c08d5531a92ef6e047a"');
INSERT INTO public.trial_user_attributes VALUES (83, 12, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (84, 12, 'cost', '{"steps": 12, "seconds": 0.0016185513333463557, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (85, 13, 'cell', '"9335f23681c842499249bbe86566e6a3dd95f6b6a6db6ac40a5cb047a28a1720"');
INSERT INTO public.trial_user_attributes VALUES (86, 13, 'test_accuracy', '25.0');
INSERT INTO public.trial_user_attributes VALUES (87, 13, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (88, 13, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (89, 13, 'checkpoint', '"a538a297c90cd69937ad22a21139fa6a9aebffd04d3cd5c5b13e1c6accbe7425"');
INSERT INTO public.trial_user_attributes VALUES (90, 13, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (91, 13, 'cost', '{"steps": 12, "seconds": 0.0016185513333463557, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (92, 14, 'cell', '"22e54e509ec66772dd50b3794dc3b5075c8d5fc29364990eb3e15764ff081bd4"');
INSERT INTO public.trial_user_attributes VALUES (93, 14, 'test_accuracy', '34.72222222222222');
INSERT INTO public.trial_user_attributes VALUES (94, 14, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (95, 14, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (96, 14, 'checkpoint', '"3fe209a9777053cf68762c0755dbb6303e84d62b61b9c5d625448800a700308b"');
INSERT INTO public.trial_user_attributes VALUES (97, 14, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (98, 14, 'cost', '{"steps": 12, "seconds": 0.0016185513333463557, "device": "cpu", "engine": "stacked", "members": 3}');
INSERT INTO public.trial_user_attributes VALUES (99, 15, 'cell', '"89422f56d41d049808fbe9f44c526752b882cb172eb6054a8596fbc644da7503"');
INSERT INTO public.trial_user_attributes VALUES (100, 15, 'test_accuracy', '26.38888888888889');
INSERT INTO public.trial_user_attributes VALUES (101, 15, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (102, 15, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (103, 15, 'checkpoint', '"acb3719c7785c011a65f06c281a5435289c06ffaa4e8522c22bbc59c0c5f187e"');
INSERT INTO public.trial_user_attributes VALUES (104, 15, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (105, 15, 'cost', '{"steps": 12, "seconds": 0.002471244999924238, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (106, 16, 'cell', '"7c207ea3b8930f93c25eb1992f5affad299dc391f484e656ce73c0a9c3e899b4"');
INSERT INTO public.trial_user_attributes VALUES (107, 16, 'test_accuracy', '45.833333333333336');
INSERT INTO public.trial_user_attributes VALUES (108, 16, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (109, 16, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (110, 16, 'checkpoint', '"6447d04edd7d58c208dbe26da5a60426fba2e519b0fa065d409fa3c47a3c42f3"');
INSERT INTO public.trial_user_attributes VALUES (111, 16, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (112, 16, 'cost', '{"steps": 12, "seconds": 0.002471244999924238, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (113, 17, 'cell', '"eb3c9ab5ddff007f4503e0a04d1949fea96e558f5d2a3137ad550e233fd234c5"');
INSERT INTO public.trial_user_attributes VALUES (114, 17, 'test_accuracy', '27.77777777777778');
INSERT INTO public.trial_user_attributes VALUES (115, 17, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (116, 17, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (117, 17, 'checkpoint', '"5dce10574427d66f97c0934c6c10d7c4ed236b46d12f28642bd5bbed58aae46c"');
INSERT INTO public.trial_user_attributes VALUES (118, 17, 'schedule', '{"name": "cyclical", "low": 0.0, "step": 4}');
INSERT INTO public.trial_user_attributes VALUES (119, 17, 'cost', '{"steps": 12, "seconds": 0.0013279379999744378, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (120, 18, 'cell', '"7a6011298f11e0fd3fda03618e5aab5410bd94aa00e182e1c5db5694efff2f91"');
INSERT INTO public.trial_user_attributes VALUES (121, 18, 'test_accuracy', '34.72222222222222');
INSERT INTO public.trial_user_attributes VALUES (122, 18, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (123, 18, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (124, 18, 'checkpoint', '"94eadafe86600375c147756a2af23c9c824067be238424661184e9cbc16f61b8"');
INSERT INTO public.trial_user_attributes VALUES (125, 18, 'schedule', '{"name": "cyclical", "low": 0.0, "step": 4}');
INSERT INTO public.trial_user_attributes VALUES (126, 18, 'cost', '{"steps": 12, "seconds": 0.0013279379999744378, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (127, 19, 'cell', '"0d82c813692763d99c2a95de9ed7e15cc6b8b07543bbd1c101ca13f1bcddeba2"');
INSERT INTO public.trial_user_attributes VALUES (128, 19, 'test_accuracy', '34.72222222222222');
INSERT INTO public.trial_user_attributes VALUES (129, 19, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (130, 19, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (131, 19, 'checkpoint', '"22ae9edbb8d8191c690bc6bd4b639ed2516d78c62b2da5888698d5af02fa66b6"');
INSERT INTO public.trial_user_attributes VALUES (132, 19, 'schedule', '{"name": "cyclical", "low": 0.0, "step": 4}');
INSERT INTO public.trial_user_attributes VALUES (133, 19, 'cost', '{"steps": 12, "seconds": 0.0013279379999744378, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (134, 20, 'cell', '"e7b19c3dd315814689ad962f34535d6e51d3279850fb81c062bdc1e957810138"');
INSERT INTO public.trial_user_attributes VALUES (135, 20, 'test_accuracy', '20.833333333333332');
INSERT INTO public.trial_user_attributes VALUES (136, 20, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (137, 20, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (138, 20, 'checkpoint', '"5374e89971361b81f234e2b5781bb71ef6c4194069c37c6137a5366cebdea37d"');
INSERT INTO public.trial_user_attributes VALUES (139, 20, 'schedule', '{"name": "cyclical", "low": 0.0, "step": 4}');
INSERT INTO public.trial_user_attributes VALUES (140, 20, 'cost', '{"steps": 12, "seconds": 0.0013279379999744378, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (141, 21, 'cell', '"1444e97f97d85145480fa118ea1f4d109ba90dbcce59fab0d41c1e7d8a909128"');
INSERT INTO public.trial_user_attributes VALUES (142, 21, 'test_accuracy', '22.22222222222222');
INSERT INTO public.trial_user_attributes VALUES (143, 21, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (144, 21, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (145, 21, 'checkpoint', '"f071d2e944fabf7d9feba7a65eecffdcdce27832668d7b329a5b47ec3e76508c"');
INSERT INTO public.trial_user_attributes VALUES (146, 21, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (147, 21, 'cost', '{"steps": 12, "seconds": 0.0024799114999041194, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (148, 22, 'cell', '"17c730895aeedbdecb2f8d86b98ffa4eb1a13d9b3de32a593a67772078b47501"');
INSERT INTO public.trial_user_attributes VALUES (149, 22, 'test_accuracy', '9.722222222222221');
INSERT INTO public.trial_user_attributes VALUES (150, 22, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (151, 22, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (152, 22, 'checkpoint', '"a1cc5d98de0b24547a1f443dc7ff781094357968ed524aeddc45e50f2277837f"');
INSERT INTO public.trial_user_attributes VALUES (153, 22, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (154, 22, 'cost', '{"steps": 12, "seconds": 0.0024799114999041194, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (155, 23, 'cell', '"ad5db6ccbe73599c0611436f250875dc035584a50f5b1b9ca50dc17508bc9d0f"');
INSERT INTO public.trial_user_attributes VALUES (156, 23, 'test_accuracy', '38.888888888888886');
INSERT INTO public.trial_user_attributes VALUES (157, 23, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (158, 23, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (159, 23, 'checkpoint', '"958698ca85e6cc92587717e5270f911671a8a10d0dfeb132adfbe8ac7ab98a8e"');
INSERT INTO public.trial_user_attributes VALUES (160, 23, 'schedule', '{"name": "cyclical", "low": 0.0, "step": 4}');
INSERT INTO public.trial_user_attributes VALUES (161, 23, 'cost', '{"steps": 12, "seconds": 0.0027230760000520604, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (162, 24, 'cell', '"8e14a465bd99c36ee4734df3ec1ea1ee45e2e41077acc4baeaafd16d65e7c48f"');
INSERT INTO public.trial_user_attributes VALUES (163, 24, 'test_accuracy', '29.166666666666668');
INSERT INTO public.trial_user_attributes VALUES (164, 24, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (165, 24, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (166, 24, 'checkpoint', '"138c9433c22a7fb87b4635aa543badb4440e817eb3d4a5f466a555fb9ac41fca"');
INSERT INTO public.trial_user_attributes VALUES (167, 24, 'schedule', '{"name": "cyclical", "low": 0.0, "step": 4}');
INSERT INTO public.trial_user_attributes VALUES (168, 24, 'cost', '{"steps": 12, "seconds": 0.0027230760000520604, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (169, 25, 'cell', '"dd943b846e5fe0c89d16ae6a82badf784848e197685686db4b62886fa018e313"');
INSERT INTO public.trial_user_attributes VALUES (170, 25, 'test_accuracy', '33.333333333333336');
INSERT INTO public.trial_user_attributes VALUES (171, 25, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (172, 25, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (173, 25, 'checkpoint', '"5b272da06ddbb898d4d801787eebdeb197c2bc478ceb32e1e086ae7d713d44ca"');
INSERT INTO public.trial_user_attributes VALUES (174, 25, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (175, 25, 'cost', '{"steps": 12, "seconds": 0.0024852112500184376, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (176, 26, 'cell', '"d3a9899b610023b3a28998967efde2cc7b6342549478ca8f416bda154b54a96b"');
INSERT INTO public.trial_user_attributes VALUES (177, 26, 'test_accuracy', '29.166666666666668');
INSERT INTO public.trial_user_attributes VALUES (178, 26, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (179, 26, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (180, 26, 'checkpoint', '"5abfedab8a84559c272781ee70b46b4e9e050367e1f50f0deab0700494753a57"');
INSERT INTO public.trial_user_attributes VALUES (181, 26, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (182, 26, 'cost', '{"steps": 12, "seconds": 0.0024852112500184376, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (183, 27, 'cell', '"cec13eb01e3c4bf11fe9169009dee43348e199f18bf1936c6a9f50efd9d37e4a"');
INSERT INTO public.trial_user_attributes VALUES (184, 27, 'test_accuracy', '45.833333333333336');
INSERT INTO public.trial_user_attributes VALUES (185, 27, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (186, 27, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (187, 27, 'checkpoint', '"c8b83759fbba77fd2f99b112335628b7da27bfdac4e0578c97a4bcccc9dee09b"');
INSERT INTO public.trial_user_attributes VALUES (188, 27, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (189, 27, 'cost', '{"steps": 12, "seconds": 0.0024852112500184376, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (190, 28, 'cell', '"debd1f6ae8e835bbe764fa8c848a1d6c9156fbacdca662e120ba5dd2796d3956"');
INSERT INTO public.trial_user_attributes VALUES (191, 28, 'test_accuracy', '26.38888888888889');
INSERT INTO public.trial_user_attributes VALUES (192, 28, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (193, 28, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (194, 28, 'checkpoint', '"68bc876df8f4d6ea16ceba7f3be69596f2f9465169722fc2434b34958ba40285"');
INSERT INTO public.trial_user_attributes VALUES (195, 28, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (196, 28, 'cost', '{"steps": 12, "seconds": 0.0024852112500184376, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (197, 29, 'candidate', '0');
INSERT INTO public.trial_user_attributes VALUES (198, 29, 'steps', '["grid"]');
INSERT INTO public.trial_user_attributes VALUES (199, 29, 'stopped', 'null');
INSERT INTO public.trial_user_attributes VALUES (200, 29, 'last_cycle', '1');
INSERT INTO public.trial_user_attributes VALUES (201, 29, 'max_lr', '[0.2, 0.20153846153846156]');
INSERT INTO public.trial_user_attributes VALUES (202, 29, 'test_accuracy', '[27.083333333333336, 31.25]');
INSERT INTO public.trial_user_attributes VALUES (203, 29, 'cells', '["512f14b62d53f8dc9d9df778e7aec81f89368aa575a312dd3612d483bc138b39", "1385b60c3ada11c8c984f824d76d68504f024054d75f74e01e6280fbe5675d91", "dd943b846e5fe0c89d16ae6a82badf784848e197685686db4b62886fa018e313", "d3a9899b610023b3a28998967efde2cc7b6342549478ca8f416bda154b54a96b"]');
INSERT INTO public.trial_user_attributes VALUES (204, 30, 'candidate', '1');
INSERT INTO public.trial_user_attributes VALUES (205, 30, 'steps', '["grid"]');
INSERT INTO public.trial_user_attributes VALUES (206, 30, 'stopped', 'null');
INSERT INTO public.trial_user_attributes VALUES (207, 30, 'last_cycle', '1');
INSERT INTO public.trial_user_attributes VALUES (208, 30, 'max_lr', '[0.4, 0.40153846153846157]');
INSERT INTO public.trial_user_attributes VALUES (209, 30, 'test_accuracy', '[25.0, 36.111111111111114]');
INSERT INTO public.trial_user_attributes VALUES (210, 30, 'cells', '["4933f9eb08e58c3487d71787b7f11105cd737367235db12c705df62d4d53c098", "2ad69615ef7289573084846373e297f7079813b07a78d541cb76385f0dabb77f", "cec13eb01e3c4bf11fe9169009dee43348e199f18bf1936c6a9f50efd9d37e4a", "debd1f6ae8e835bbe764fa8c848a1d6c9156fbacdca662e120ba5dd2796d3956"]');
INSERT INTO public.trial_user_attributes VALUES (211, 31, 'cell', '"45dd109211616a6f463ae86867f6136bc6f5c46b3847b85ba7f60c7c04d9f1fe"');
INSERT INTO public.trial_user_attributes VALUES (212, 31, 'test_accuracy', '34.72222222222222');
INSERT INTO public.trial_user_attributes VALUES (213, 31, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (214, 31, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (215, 31, 'checkpoint', '"c76bb2359abb9de057402fcca59e52501063c6946edfef95af0f9c5b11cf0ae8"');
INSERT INTO public.trial_user_attributes VALUES (216, 31, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (217, 31, 'cost', '{"steps": 12, "seconds": 0.018726783999909458, "device": "cpu", "engine": "stacked", "members": 1}');
INSERT INTO public.trial_user_attributes VALUES (218, 31, 'recorded', '{"weight_gradients": {"count": 1184, "not_finite": 0, "zeros": 740, "outside": null, "below": null, "above": null, "mean": 0.0009588662269283691, "std": 0.038468839381371064, "min": -0.6028536558151245, "max": 0.44851744174957275, "quantiles": {"0.1": -0.306640625, "1": -0.10400390625, "5": -0.047119140625, "25": 0.0, "50": 0.0, "75": 0.0, "95": 0.061767578125, "99": 0.09912109375, "99.9": 0.2412109375}, "histogram": {"low": -0.60302734375, "width": 0.087646484375, "counts": [1, 0, 0, 2, 1, 14, 1013, 141, 10, 1, 0, 1]}, "bins": {"exponent": -7, "first": -78, "counts": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 2, 2, 1, 2, 2, 2, 3, 5, 29, 5, 12, 13, 7, 17, 32, 48, 820, 38, 34, 13, 5, 7, 8, 11, 28, 2, 4, 11, 3, 1, 2, 1, 1, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]}}}');
INSERT INTO public.trial_user_attributes VALUES (219, 32, 'cell', '"3b083d40ec40f6e50b2232089ee61dbe7090e9122a296d1ae3cad6f11d4c25ac"');
INSERT INTO public.trial_user_attributes VALUES (220, 32, 'test_accuracy', '22.22222222222222');
INSERT INTO public.trial_user_attributes VALUES (221, 32, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (222, 32, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (223, 32, 'checkpoint', '"f071d2e944fabf7d9feba7a65eecffdcdce27832668d7b329a5b47ec3e76508c"');
INSERT INTO public.trial_user_attributes VALUES (224, 32, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (225, 32, 'cost', '{"steps": 12, "seconds": 0.023994790999950055, "device": "cpu", "engine": "stacked", "members": 1}');
INSERT INTO public.trial_user_attributes VALUES (226, 32, 'recorded', '{"weight_gradients": {"count": 980, "not_finite": 0, "zeros": 547, "outside": null, "below": null, "above": null, "mean": -0.0008228875810141754, "std": 0.029871650030186284, "min": -0.2154465615749359, "max": 0.12112836539745331, "quantiles": {"0.1": -0.2154465615749359, "1": -0.11865234375, "5": -0.052001953125, "25": 0.0, "50": 0.0, "75": 0.0, "95": 0.054931640625, "99": 0.07568359375, "99.9": 0.12112836539745331}, "histogram": {"low": -0.2154541015625, "width": 0.0306396484375, "counts": [1, 0, 7, 6, 18, 64, 89, 723, 24, 41, 7]}, "bins": {"exponent": -9, "first": -111, "counts": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2, 2, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 2, 3, 1, 0, 0, 0, 0, 3, 1, 3, 1, 0, 3, 4, 3, 6, 2, 0, 5, 24, 1, 2, 3, 2, 7, 1, 0, 2, 4, 2, 1, 7, 3, 6, 1, 8, 6, 4, 3, 3, 5, 3, 9, 10, 25, 562, 15, 14, 13, 8, 35, 5, 4, 7, 5, 23, 3, 3, 1, 16, 2, 0, 1, 1, 2, 2, 1, 4, 0, 1, 1, 5, 2, 1, 1, 0, 19, 4, 11, 2, 0, 1, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1]}}}');
INSERT INTO public.trial_user_attributes VALUES (227, 33, 'cell', '"f9dbd9442b31d542b2525f88f0cf3b475632e105ad0620f91ee93001fdb6a931"');
INSERT INTO public.trial_user_attributes VALUES (228, 33, 'test_accuracy', '19.444444444444443');
INSERT INTO public.trial_user_attributes VALUES (229, 33, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (230, 33, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (231, 33, 'checkpoint', '"6be44bca8a0961d3774c92d2e6c5989d455987dacfc5546477c462292e8372b2"');
INSERT INTO public.trial_user_attributes VALUES (232, 33, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (233, 33, 'cost', '{"steps": 12, "seconds": 0.0038527065000835137, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (234, 34, 'cell', '"95768a2a18407437bd0c38db1e766bce684919b8d17957213819510cd8dd4ee5"');
INSERT INTO public.trial_user_attributes VALUES (235, 34, 'test_accuracy', '19.444444444444443');
INSERT INTO public.trial_user_attributes VALUES (236, 34, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (237, 34, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (238, 34, 'checkpoint', '"91eb9f8c07e13411db71d6d7aa84903ba4bca76602f9bb420dca0d41388f5ac6"');
INSERT INTO public.trial_user_attributes VALUES (239, 34, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (240, 34, 'cost', '{"steps": 12, "seconds": 0.0038527065000835137, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (241, 35, 'cell', '"cebc1acc4bf149a6e8d380ca287d073491f9ec16e7b33a3af9e7035365a7f05e"');
INSERT INTO public.trial_user_attributes VALUES (242, 35, 'test_accuracy', '20.833333333333332');
INSERT INTO public.trial_user_attributes VALUES (243, 35, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (244, 35, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (245, 35, 'checkpoint', '"7f714f981242db9ed3e75999a2e6f792505aafae7220ffe91850b2793f23a41e"');
INSERT INTO public.trial_user_attributes VALUES (246, 35, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (247, 35, 'cost', '{"steps": 12, "seconds": 0.005549316000042381, "device": "cpu", "engine": "stacked", "members": 1}');
INSERT INTO public.trial_user_attributes VALUES (248, 36, 'cell', '"20dfa61b93c3892f6146af45246cf0e0766fce128fca6be6e05fb5de4856c403"');
INSERT INTO public.trial_user_attributes VALUES (249, 36, 'test_accuracy', '18.055555555555557');
INSERT INTO public.trial_user_attributes VALUES (250, 36, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (251, 36, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (252, 36, 'checkpoint', '"d77f65f3a7f077d6bb10452fa929a6a6536394269e790bbd6f87aebd69e6b500"');
INSERT INTO public.trial_user_attributes VALUES (253, 36, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (254, 36, 'cost', '{"steps": 12, "seconds": 0.005478772499941442, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (255, 37, 'cell', '"486b3e971bba9a2500af672836cb1825cb2bef1b2faf289fcf0d35db193c0050"');
INSERT INTO public.trial_user_attributes VALUES (256, 37, 'test_accuracy', '19.444444444444443');
INSERT INTO public.trial_user_attributes VALUES (257, 37, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (258, 37, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (259, 37, 'checkpoint', '"2cefd759d399fa4f6aecf904f935118430ebd66a3f0c850e3bdb4f4aa881fd6a"');
INSERT INTO public.trial_user_attributes VALUES (260, 37, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (261, 37, 'cost', '{"steps": 12, "seconds": 0.005478772499941442, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (262, 38, 'cell', '"0132aa7ff7d18258813a9c6837e17ae3c958464833c056084845e91e0e4711ac"');
INSERT INTO public.trial_user_attributes VALUES (263, 38, 'test_accuracy', '25.0');
INSERT INTO public.trial_user_attributes VALUES (264, 38, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (265, 38, 'weights_remaining', '82.77027027027027');
INSERT INTO public.trial_user_attributes VALUES (266, 38, 'checkpoint', '"8fcbda8a8c761ed00567f7dcfa9c7b2ad5b44cf1d94423bbe4208218a5641b20"');
INSERT INTO public.trial_user_attributes VALUES (267, 38, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (268, 38, 'cost', '{"steps": 12, "seconds": 0.00737882500015985, "device": "cpu", "engine": "stacked", "members": 1}');
INSERT INTO public.trial_user_attributes VALUES (269, 39, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (270, 39, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (271, 40, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (272, 40, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (273, 41, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (274, 41, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (275, 42, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (276, 42, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (277, 43, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (278, 43, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (279, 44, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (280, 44, 'diverged', 'true');
INSERT INTO public.trial_user_attributes VALUES (281, 45, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (282, 45, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (283, 46, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (284, 46, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (285, 47, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (286, 47, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (287, 48, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (288, 48, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (289, 49, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (290, 49, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (291, 50, 'owner', '"local"');
INSERT INTO public.trial_user_attributes VALUES (292, 50, 'diverged', 'false');
INSERT INTO public.trial_values VALUES (1, 1, 0, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_values VALUES (2, 2, 0, 37.5, 'FINITE');
INSERT INTO public.trial_values VALUES (3, 3, 0, 13.88888888888889, 'FINITE');
INSERT INTO public.trial_values VALUES (4, 4, 0, 25, 'FINITE');
INSERT INTO public.trial_values VALUES (5, 5, 0, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_values VALUES (6, 6, 0, 19.444444444444443, 'FINITE');
INSERT INTO public.trial_values VALUES (7, 7, 0, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_values VALUES (8, 8, 0, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_values VALUES (9, 9, 0, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_values VALUES (10, 10, 0, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_values VALUES (11, 11, 0, 37.5, 'FINITE');
INSERT INTO public.trial_values VALUES (12, 12, 0, 37.5, 'FINITE');
INSERT INTO public.trial_values VALUES (13, 13, 0, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_values VALUES (14, 14, 0, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_values VALUES (15, 15, 0, 20.833333333333332, 'FINITE');
INSERT INTO public.trial_values VALUES (16, 16, 0, 38.888888888888886, 'FINITE');
INSERT INTO public.trial_values VALUES (17, 17, 0, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_values VALUES (18, 18, 0, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_values VALUES (19, 19, 0, 37.5, 'FINITE');
INSERT INTO public.trial_values VALUES (20, 20, 0, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_values VALUES (21, 21, 0, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_values VALUES (22, 22, 0, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_values VALUES (23, 23, 0, 37.5, 'FINITE');
INSERT INTO public.trial_values VALUES (24, 24, 0, 37.5, 'FINITE');
INSERT INTO public.trial_values VALUES (25, 25, 0, 26.38888888888889, 'FINITE');
INSERT INTO public.trial_values VALUES (26, 26, 0, 38.888888888888886, 'FINITE');
INSERT INTO public.trial_values VALUES (27, 27, 0, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_values VALUES (28, 28, 0, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_values VALUES (29, 29, 0, 30.555555555555554, 'FINITE');
INSERT INTO public.trial_values VALUES (30, 30, 0, 35.763888888888886, 'FINITE');
INSERT INTO public.trial_values VALUES (31, 31, 0, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_values VALUES (32, 32, 0, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_values VALUES (33, 33, 0, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_values VALUES (34, 34, 0, 26.38888888888889, 'FINITE');
INSERT INTO public.trial_values VALUES (35, 35, 0, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_values VALUES (36, 36, 0, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_values VALUES (37, 37, 0, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_values VALUES (38, 38, 0, 36.111111111111114, 'FINITE');
INSERT INTO public.trial_values VALUES (39, 39, 0, 87.5, 'FINITE');
INSERT INTO public.trial_values VALUES (40, 40, 0, 90, 'FINITE');
INSERT INTO public.trial_values VALUES (41, 41, 0, 85, 'FINITE');
INSERT INTO public.trial_values VALUES (42, 42, 0, 88.5, 'FINITE');
INSERT INTO public.trial_values VALUES (43, 43, 0, 91, 'FINITE');
INSERT INTO public.trial_values VALUES (44, 45, 0, 82.5, 'FINITE');
INSERT INTO public.trial_values VALUES (45, 46, 0, 85, 'FINITE');
INSERT INTO public.trial_values VALUES (46, 47, 0, 90, 'FINITE');
INSERT INTO public.trial_values VALUES (47, 48, 0, 83.5, 'FINITE');
INSERT INTO public.trial_values VALUES (48, 49, 0, 86, 'FINITE');
INSERT INTO public.trial_values VALUES (49, 50, 0, 91, 'FINITE');
INSERT INTO public.trials VALUES (1, 0, 1, 'COMPLETE', '2026-11-28 05:50:58.062292', '2026-11-28 05:50:58.06415');
INSERT INTO public.trials VALUES (2, 1, 1, 'COMPLETE', '2026-11-28 05:50:58.123968', '2026-11-28 05:50:58.125826');
INSERT INTO public.trials VALUES (3, 2, 1, 'COMPLETE', '2026-11-28 05:50:58.132446', '2026-11-28 05:50:58.134304');
INSERT INTO public.trials VALUES (4, 3, 1, 'COMPLETE', '2026-11-28 05:50:58.15633', '2026-11-28 05:50:58.158982');
INSERT INTO public.trials VALUES (5, 4, 1, 'COMPLETE', '2026-11-28 05:50:58.171157', '2026-11-28 05:50:58.173809');
INSERT INTO public.trials VALUES (6, 5, 1, 'COMPLETE', '2026-11-28 05:50:58.176045', '2026-11-28 05:50:58.178697');
INSERT INTO public.trials VALUES (7, 0, 2, 'COMPLETE', '2026-11-28 05:50:58.230365', '2026-11-28 05:50:58.235466');
INSERT INTO public.trials VALUES (8, 1, 2, 'COMPLETE', '2026-11-28 05:50:58.258613', '2026-11-28 05:50:58.263714');
INSERT INTO public.trials VALUES (9, 0, 3, 'COMPLETE', '2026-11-28 05:50:58.317896', '2026-11-28 05:50:58.319514');
INSERT INTO public.trials VALUES (10, 1, 3, 'COMPLETE', '2026-11-28 05:50:58.347809', '2026-11-28 05:50:58.349427');
INSERT INTO public.trials VALUES (11, 2, 3, 'COMPLETE', '2026-11-28 05:50:58.351433', '2026-11-28 05:50:58.353051');
INSERT INTO public.trials VALUES (12, 3, 3, 'COMPLETE', '2026-11-28 05:50:58.401842', '2026-11-28 05:50:58.403461');
INSERT INTO public.trials VALUES (13, 4, 3, 'COMPLETE', '2026-11-28 05:50:58.406626', '2026-11-28 05:50:58.408245');
INSERT INTO public.trials VALUES (14, 5, 3, 'COMPLETE', '2026-11-28 05:50:58.410763', '2026-11-28 05:50:58.412382');
INSERT INTO public.trials VALUES (15, 2, 2, 'COMPLETE', '2026-11-28 05:50:58.465087', '2026-11-28 05:50:58.467558');
INSERT INTO public.trials VALUES (16, 3, 2, 'COMPLETE', '2026-11-28 05:50:58.47096', '2026-11-28 05:50:58.473431');
INSERT INTO public.trials VALUES (17, 0, 4, 'COMPLETE', '2026-11-28 05:50:59.452657', '2026-11-28 05:50:59.453985');
INSERT INTO public.trials VALUES (18, 1, 4, 'COMPLETE', '2026-11-28 05:50:59.51706', '2026-11-28 05:50:59.518388');
INSERT INTO public.trials VALUES (19, 2, 4, 'COMPLETE', '2026-11-28 05:50:59.521539', '2026-11-28 05:50:59.522867');
INSERT INTO public.trials VALUES (20, 3, 4, 'COMPLETE', '2026-11-28 05:50:59.525967', '2026-11-28 05:50:59.527295');
INSERT INTO public.trials VALUES (21, 0, 5, 'COMPLETE', '2026-11-28 05:50:59.540848', '2026-11-28 05:50:59.543328');
INSERT INTO public.trials VALUES (22, 1, 5, 'COMPLETE', '2026-11-28 05:50:59.570598', '2026-11-28 05:50:59.573078');
INSERT INTO public.trials VALUES (23, 0, 6, 'COMPLETE', '2026-11-28 05:50:59.591482', '2026-11-28 05:50:59.594205');
INSERT INTO public.trials VALUES (24, 1, 6, 'COMPLETE', '2026-11-28 05:50:59.621319', '2026-11-28 05:50:59.624042');
INSERT INTO public.trials VALUES (25, 0, 7, 'COMPLETE', '2026-11-28 05:51:00.646525', '2026-11-28 05:51:00.64901');
INSERT INTO public.trials VALUES (26, 1, 7, 'COMPLETE', '2026-11-28 05:51:00.764102', '2026-11-28 05:51:00.766587');
INSERT INTO public.trials VALUES (27, 2, 7, 'COMPLETE', '2026-11-28 05:51:00.773281', '2026-11-28 05:51:00.775766');
INSERT INTO public.trials VALUES (28, 3, 7, 'COMPLETE', '2026-11-28 05:51:00.783351', '2026-11-28 05:51:00.785836');
INSERT INTO public.trials VALUES (29, 0, 8, 'COMPLETE', '2026-11-28 05:51:00.825705', '2026-11-28 05:51:00.835185');
INSERT INTO public.trials VALUES (30, 1, 8, 'COMPLETE', '2026-11-28 05:51:00.835921', '2026-11-28 05:51:00.845401');
INSERT INTO public.trials VALUES (31, 0, 9, 'COMPLETE', '2026-11-28 05:51:01.694665', '2026-11-28 05:51:01.713392');
INSERT INTO public.trials VALUES (32, 1, 9, 'COMPLETE', '2026-11-28 05:51:01.817293', '2026-11-28 05:51:01.841288');
INSERT INTO public.trials VALUES (33, 0, 10, 'COMPLETE', '2026-11-28 05:51:02.879699', '2026-11-28 05:51:02.883552');
INSERT INTO public.trials VALUES (34, 1, 10, 'COMPLETE', '2026-11-28 05:51:02.950882', '2026-11-28 05:51:02.954735');
INSERT INTO public.trials VALUES (35, 0, 11, 'COMPLETE', '2026-11-28 05:51:02.986685', '2026-11-28 05:51:02.992234');
INSERT INTO public.trials VALUES (36, 0, 12, 'COMPLETE', '2026-11-28 05:51:03.059305', '2026-11-28 05:51:03.064784');
INSERT INTO public.trials VALUES (37, 1, 12, 'COMPLETE', '2026-11-28 05:51:03.097127', '2026-11-28 05:51:03.102606');
INSERT INTO public.trials VALUES (38, 1, 11, 'COMPLETE', '2026-11-28 05:51:03.126471', '2026-11-28 05:51:03.13385');
INSERT INTO public.trials VALUES (39, 0, 13, 'COMPLETE', '2026-11-28 05:51:03.95921', '2026-11-28 05:51:03.95921');
INSERT INTO public.trials VALUES (40, 1, 13, 'COMPLETE', '2026-11-28 05:51:04.509396', '2026-11-28 05:51:04.509396');
INSERT INTO public.trials VALUES (41, 2, 13, 'COMPLETE', '2026-11-28 05:51:04.538532', '2026-11-28 05:51:04.538532');
INSERT INTO public.trials VALUES (42, 3, 13, 'COMPLETE', '2026-11-28 05:51:04.565346', '2026-11-28 05:51:04.565346');
INSERT INTO public.trials VALUES (43, 4, 13, 'COMPLETE', '2026-11-28 05:51:04.591267', '2026-11-28 05:51:04.591267');
INSERT INTO public.trials VALUES (44, 5, 13, 'FAIL', '2026-11-28 05:51:04.619596', '2026-11-28 05:51:04.619596');
INSERT INTO public.trials VALUES (45, 6, 13, 'COMPLETE', '2026-11-28 05:51:04.646459', '2026-11-28 05:51:04.646459');
INSERT INTO public.trials VALUES (46, 7, 13, 'COMPLETE', '2026-11-28 05:51:04.687491', '2026-11-28 05:51:04.687491');
INSERT INTO public.trials VALUES (47, 8, 13, 'COMPLETE', '2026-11-28 05:51:04.730889', '2026-11-28 05:51:04.730889');
INSERT INTO public.trials VALUES (48, 9, 13, 'COMPLETE', '2026-11-28 05:51:04.775726', '2026-11-28 05:51:04.775726');
INSERT INTO public.trials VALUES (49, 10, 13, 'COMPLETE', '2026-11-28 05:51:04.814651', '2026-11-28 05:51:04.814651');
INSERT INTO public.trials VALUES (50, 11, 13, 'COMPLETE', '2026-11-28 05:51:04.850746', '2026-11-28 05:51:04.850746');
INSERT INTO public.version_info VALUES (1, 12, '5.0.0');
SELECT pg_catalog.setval('public.oracle_jobs_number_seq', 2, true);
SELECT pg_catalog.setval('public.oracle_observations_number_seq', 12, true);
SELECT pg_catalog.setval('public.oracle_outside_runs_number_seq', 1, true);
SELECT pg_catalog.setval('public.oracle_runs_number_seq', 10, true);
SELECT pg_catalog.setval('public.oracle_schema_version_seq', 1, false);
SELECT pg_catalog.setval('public.studies_study_id_seq', 13, true);
SELECT pg_catalog.setval('public.study_directions_study_direction_id_seq', 13, true);
SELECT pg_catalog.setval('public.study_system_attributes_study_system_attribute_id_seq', 168, true);
SELECT pg_catalog.setval('public.study_user_attributes_study_user_attribute_id_seq', 37, true);
SELECT pg_catalog.setval('public.trial_heartbeats_trial_heartbeat_id_seq', 1, false);
SELECT pg_catalog.setval('public.trial_intermediate_values_trial_intermediate_value_id_seq', 76, true);
SELECT pg_catalog.setval('public.trial_params_param_id_seq', 132, true);
SELECT pg_catalog.setval('public.trial_system_attributes_trial_system_attribute_id_seq', 1, false);
SELECT pg_catalog.setval('public.trial_user_attributes_trial_user_attribute_id_seq', 292, true);
SELECT pg_catalog.setval('public.trial_values_trial_value_id_seq', 49, true);
SELECT pg_catalog.setval('public.trials_trial_id_seq', 50, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.oracle_job_events
    ADD CONSTRAINT oracle_job_events_pkey PRIMARY KEY (job, number);
ALTER TABLE ONLY public.oracle_job_keys
    ADD CONSTRAINT oracle_job_keys_pkey PRIMARY KEY (owner, key);
ALTER TABLE ONLY public.oracle_jobs
    ADD CONSTRAINT oracle_jobs_id_key UNIQUE (id);
ALTER TABLE ONLY public.oracle_jobs
    ADD CONSTRAINT oracle_jobs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.oracle_leases
    ADD CONSTRAINT oracle_leases_pkey PRIMARY KEY (graph);
ALTER TABLE ONLY public.oracle_migrations
    ADD CONSTRAINT oracle_migrations_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.oracle_observations
    ADD CONSTRAINT oracle_observations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.oracle_observations
    ADD CONSTRAINT oracle_observations_training UNIQUE (run_id, cycle, max_lr, replicate);
ALTER TABLE ONLY public.oracle_outside_runs
    ADD CONSTRAINT oracle_outside_runs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.oracle_outside_runs
    ADD CONSTRAINT oracle_outside_runs_run_id_key UNIQUE (run_id);
ALTER TABLE ONLY public.oracle_plans
    ADD CONSTRAINT oracle_plans_pkey PRIMARY KEY (run_id, device);
ALTER TABLE ONLY public.oracle_runs
    ADD CONSTRAINT oracle_runs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.oracle_runs
    ADD CONSTRAINT oracle_runs_run_id_key UNIQUE (run_id);
ALTER TABLE ONLY public.oracle_schema
    ADD CONSTRAINT oracle_schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.oracle_sessions
    ADD CONSTRAINT oracle_sessions_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.oracle_tokens
    ADD CONSTRAINT oracle_tokens_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.oracle_tokens
    ADD CONSTRAINT oracle_tokens_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.studies
    ADD CONSTRAINT studies_pkey PRIMARY KEY (study_id);
ALTER TABLE ONLY public.study_directions
    ADD CONSTRAINT study_directions_pkey PRIMARY KEY (study_direction_id);
ALTER TABLE ONLY public.study_directions
    ADD CONSTRAINT study_directions_study_id_objective_key UNIQUE (study_id, objective);
ALTER TABLE ONLY public.study_system_attributes
    ADD CONSTRAINT study_system_attributes_pkey PRIMARY KEY (study_system_attribute_id);
ALTER TABLE ONLY public.study_system_attributes
    ADD CONSTRAINT study_system_attributes_study_id_key_key UNIQUE (study_id, key);
ALTER TABLE ONLY public.study_user_attributes
    ADD CONSTRAINT study_user_attributes_pkey PRIMARY KEY (study_user_attribute_id);
ALTER TABLE ONLY public.study_user_attributes
    ADD CONSTRAINT study_user_attributes_study_id_key_key UNIQUE (study_id, key);
ALTER TABLE ONLY public.trial_heartbeats
    ADD CONSTRAINT trial_heartbeats_pkey PRIMARY KEY (trial_heartbeat_id);
ALTER TABLE ONLY public.trial_heartbeats
    ADD CONSTRAINT trial_heartbeats_trial_id_key UNIQUE (trial_id);
ALTER TABLE ONLY public.trial_intermediate_values
    ADD CONSTRAINT trial_intermediate_values_pkey PRIMARY KEY (trial_intermediate_value_id);
ALTER TABLE ONLY public.trial_intermediate_values
    ADD CONSTRAINT trial_intermediate_values_trial_id_step_key UNIQUE (trial_id, step);
ALTER TABLE ONLY public.trial_params
    ADD CONSTRAINT trial_params_pkey PRIMARY KEY (param_id);
ALTER TABLE ONLY public.trial_params
    ADD CONSTRAINT trial_params_trial_id_param_name_key UNIQUE (trial_id, param_name);
ALTER TABLE ONLY public.trial_system_attributes
    ADD CONSTRAINT trial_system_attributes_pkey PRIMARY KEY (trial_system_attribute_id);
ALTER TABLE ONLY public.trial_system_attributes
    ADD CONSTRAINT trial_system_attributes_trial_id_key_key UNIQUE (trial_id, key);
ALTER TABLE ONLY public.trial_user_attributes
    ADD CONSTRAINT trial_user_attributes_pkey PRIMARY KEY (trial_user_attribute_id);
ALTER TABLE ONLY public.trial_user_attributes
    ADD CONSTRAINT trial_user_attributes_trial_id_key_key UNIQUE (trial_id, key);
ALTER TABLE ONLY public.trial_values
    ADD CONSTRAINT trial_values_pkey PRIMARY KEY (trial_value_id);
ALTER TABLE ONLY public.trial_values
    ADD CONSTRAINT trial_values_trial_id_objective_key UNIQUE (trial_id, objective);
ALTER TABLE ONLY public.trials
    ADD CONSTRAINT trials_pkey PRIMARY KEY (trial_id);
ALTER TABLE ONLY public.version_info
    ADD CONSTRAINT version_info_pkey PRIMARY KEY (version_info_id);
CREATE UNIQUE INDEX ix_studies_study_name ON public.studies USING btree (study_name);
CREATE INDEX ix_trials_study_id ON public.trials USING btree (study_id);
CREATE INDEX oracle_jobs_holder ON public.oracle_jobs USING btree (holder) WHERE (holder IS NOT NULL);
CREATE INDEX oracle_jobs_queue ON public.oracle_jobs USING btree (state, priority, number);
ALTER TABLE ONLY public.oracle_job_events
    ADD CONSTRAINT oracle_job_events_job_fkey FOREIGN KEY (job) REFERENCES public.oracle_jobs(number);
ALTER TABLE ONLY public.study_directions
    ADD CONSTRAINT study_directions_study_id_fkey FOREIGN KEY (study_id) REFERENCES public.studies(study_id);
ALTER TABLE ONLY public.study_system_attributes
    ADD CONSTRAINT study_system_attributes_study_id_fkey FOREIGN KEY (study_id) REFERENCES public.studies(study_id);
ALTER TABLE ONLY public.study_user_attributes
    ADD CONSTRAINT study_user_attributes_study_id_fkey FOREIGN KEY (study_id) REFERENCES public.studies(study_id);
ALTER TABLE ONLY public.trial_heartbeats
    ADD CONSTRAINT trial_heartbeats_trial_id_fkey FOREIGN KEY (trial_id) REFERENCES public.trials(trial_id);
ALTER TABLE ONLY public.trial_intermediate_values
    ADD CONSTRAINT trial_intermediate_values_trial_id_fkey FOREIGN KEY (trial_id) REFERENCES public.trials(trial_id);
ALTER TABLE ONLY public.trial_params
    ADD CONSTRAINT trial_params_trial_id_fkey FOREIGN KEY (trial_id) REFERENCES public.trials(trial_id);
ALTER TABLE ONLY public.trial_system_attributes
    ADD CONSTRAINT trial_system_attributes_trial_id_fkey FOREIGN KEY (trial_id) REFERENCES public.trials(trial_id);
ALTER TABLE ONLY public.trial_user_attributes
    ADD CONSTRAINT trial_user_attributes_trial_id_fkey FOREIGN KEY (trial_id) REFERENCES public.trials(trial_id);
ALTER TABLE ONLY public.trial_values
    ADD CONSTRAINT trial_values_trial_id_fkey FOREIGN KEY (trial_id) REFERENCES public.trials(trial_id);
ALTER TABLE ONLY public.trials
    ADD CONSTRAINT trials_study_id_fkey FOREIGN KEY (study_id) REFERENCES public.studies(study_id);
