-- A database of schema 1 after a finished run: pg_dump --inserts --no-owner, without the dashboard's notes and figures.
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
CREATE TABLE public.oracle_leases (
    graph character varying(64) NOT NULL,
    holder character varying(32) NOT NULL,
    process character varying(200) NOT NULL,
    beat integer NOT NULL
);
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
INSERT INTO public.oracle_leases VALUES ('g', 'hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh', 'boot/ns 7 99 far-host', 3);
INSERT INTO public.oracle_plans VALUES ('tiny-ff8501d0', 'cuda', 'grouped', 24);
INSERT INTO public.oracle_runs VALUES (1, 'tiny-ff8501d0', '50f2d526a637ee02cc5f9ed0ccb7190ae2670e67235c63c84b42e932b4108471', '8848cd3831da3f7e3f5f735ae2797a490f95fccb0ce89d6f9c9b7e377c240148', '{"name": "tiny", "description": "", "dataset": {"name": "digits"}, "subset": 0.2, "classes": null, "network": {"name": "fully_connected", "hidden": [16], "batch_norm": false}, "pruning": {"criterion": "global_magnitude", "rate": 0.2, "batches": 8, "prune_last": false, "rewind": "init"}, "training": {"steps": 12, "batch": 16, "optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.0001}, "augment": {"crop": 0, "flip": false, "per": "replicate"}, "validate_every": 6, "carry": "last", "precision": "fp32", "engine": "auto", "deterministic": false}, "split": {"train": 0.6, "validation": 0.2}, "cycles": 1, "replicates": 2, "seed": 0, "record": null, "pack": 4, "keep_checkpoints": "path", "shrunk": {}, "kind": "oracle", "schedule": {"name": "warmup", "warmup": 3, "drops": [8]}, "grid": {"extend": true, "floor": null, "ceiling": null, "max_lr": [0.05, 0.2]}, "search": "grid", "tolerance": 0.5, "tolerance_kind": "points", "beam": 1, "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0}, "rivals": [], "paper": null}', 'done');
INSERT INTO public.oracle_schema VALUES (1);
INSERT INTO public.studies VALUES (1, 'tiny/50f2d526/cycle-00/3b2ed32e');
INSERT INTO public.studies VALUES (2, 'tiny/50f2d526/path/cfb69e6f');
INSERT INTO public.studies VALUES (3, 'tiny/50f2d526/cycle-01/eabbd211');
INSERT INTO public.study_directions VALUES (1, 'MAXIMIZE', 1, 0);
INSERT INTO public.study_directions VALUES (2, 'MAXIMIZE', 2, 0);
INSERT INTO public.study_directions VALUES (3, 'MAXIMIZE', 3, 0);
INSERT INTO public.study_system_attributes VALUES (1, 1, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (2, 2, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (3, 3, 'study:metric_names', '["validation accuracy, %"]');
INSERT INTO public.study_system_attributes VALUES (6, 1, 'dashboard:plot_data:regions:0', '"{\"data\":[{\"fill\":\"toself\",\"fillcolor\":\"rgba(0, 114, 178, 0.22)\",\"hoverinfo\":\"skip\",\"line\":{\"color\":\"rgba(0, 114, 178, 0.5)\",\"width\":1},\"mode\":\"lines\",\"name\":\"feasible region (within 0.5 points)\",\"x\":[100.0,82.6858108108108,82.6858108108108,100.0],\"y\":[0.2,0.2,0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"marker\":{\"color\":\"rgba(0, 114, 178, 0.65)\",\"size\":4},\"mode\":\"markers\",\"name\":\"grid value, inside\",\"x\":[100.0,82.6858108108108],\"y\":[0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"marker\":{\"color\":\"rgba(130, 130, 130, 0.35)\",\"size\":4},\"mode\":\"markers\",\"name\":\"grid value, outside\",\"x\":[100.0,100.0,82.6858108108108,82.6858108108108],\"y\":[0.05,0.8,0.05,0.8],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}\\u003cextra\\u003ewell-tuned\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"#0072B2\",\"size\":11},\"mode\":\"markers\",\"name\":\"well-tuned max_lr\",\"x\":[100.0,82.6858108108108],\"y\":[0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"end of the region: %{y:.4g}\\u003cextra\\u003e90 %\\u003c\\u002fextra\\u003e\",\"line\":{\"color\":\"#00456B\",\"width\":1.5},\"marker\":{\"line\":{\"color\":\"#00456B\",\"width\":1.5},\"size\":7,\"symbol\":\"line-ew\"},\"mode\":\"lines+markers\",\"name\":\"its ends, 90 %\",\"x\":[100.22840705990212,100.22840705990212,null,99.77211344906877,99.77211344906877,null,82.87467104024002,82.87467104024002,null,82.49738096844453,82.49738096844453,null],\"y\":[0.2,0.2,null,0.2,0.2,null,0.2,0.2,null,0.2,0.2,null],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"line\":{\"color\":\"#D55E00\",\"width\":3},\"mode\":\"lines\",\"name\":\"S-Cyc\",\"x\":[100.0,82.6858108108108],\"y\":[0.1,0.10153846153846155],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}, %{text}\\u003cextra\\u003eS-Cyc\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"#B00020\",\"line\":{\"color\":\"white\",\"width\":1},\"size\":12,\"symbol\":\"x\"},\"mode\":\"markers\",\"name\":\"S-Cyc: outside\",\"text\":[\"outside, 4 %\"],\"x\":[82.6858108108108],\"y\":[0.10153846153846155],\"t"');
INSERT INTO public.study_system_attributes VALUES (7, 1, 'dashboard:plot_data:regions:1', '"ype\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}, %{text}\\u003cextra\\u003eS-Cyc\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"white\",\"line\":{\"color\":\"#D55E00\",\"width\":2},\"size\":10,\"symbol\":\"diamond\"},\"mode\":\"markers\",\"name\":\"S-Cyc: undecided\",\"text\":[\"undecided (+1), 6 %\"],\"x\":[100.0],\"y\":[0.1],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"}],\"layout\":{\"template\":{\"data\":{\"barpolar\":[{\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"barpolar\"}],\"bar\":[{\"error_x\":{\"color\":\"#2a3f5f\"},\"error_y\":{\"color\":\"#2a3f5f\"},\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"bar\"}],\"carpet\":[{\"aaxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"baxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"type\":\"carpet\"}],\"choropleth\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"choropleth\"}],\"contourcarpet\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"contourcarpet\"}],\"contour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"contour\"}],\"heatmap\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"heatmap\"}],\"histogram2dcontour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#4603"');
INSERT INTO public.study_system_attributes VALUES (8, 1, 'dashboard:plot_data:regions:2', '"9f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2dcontour\"}],\"histogram2d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2d\"}],\"histogram\":[{\"marker\":{\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"histogram\"}],\"mesh3d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"mesh3d\"}],\"parcoords\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"parcoords\"}],\"pie\":[{\"automargin\":true,\"type\":\"pie\"}],\"scatter3d\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatter3d\"}],\"scattercarpet\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattercarpet\"}],\"scattergeo\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergeo\"}],\"scattergl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergl\"}],\"scattermap\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattermap\"}],\"scatterpolargl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolargl\"}],\"scatterpolar\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolar\"}],\"scatter\":[{\"fillpattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2},\"type\":\"scatter\"}],\"scatterternary\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterternary\"}],\"surface\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.55555555555555"');
INSERT INTO public.study_system_attributes VALUES (9, 1, 'dashboard:plot_data:regions:3', '"56,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"surface\"}],\"table\":[{\"cells\":{\"fill\":{\"color\":\"#EBF0F8\"},\"line\":{\"color\":\"white\"}},\"header\":{\"fill\":{\"color\":\"#C8D4E3\"},\"line\":{\"color\":\"white\"}},\"type\":\"table\"}]},\"layout\":{\"annotationdefaults\":{\"arrowcolor\":\"#2a3f5f\",\"arrowhead\":0,\"arrowwidth\":1},\"autotypenumbers\":\"strict\",\"coloraxis\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"colorscale\":{\"diverging\":[[0,\"#8e0152\"],[0.1,\"#c51b7d\"],[0.2,\"#de77ae\"],[0.3,\"#f1b6da\"],[0.4,\"#fde0ef\"],[0.5,\"#f7f7f7\"],[0.6,\"#e6f5d0\"],[0.7,\"#b8e186\"],[0.8,\"#7fbc41\"],[0.9,\"#4d9221\"],[1,\"#276419\"]],\"sequential\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"sequentialminus\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]]},\"colorway\":[\"#636efa\",\"#EF553B\",\"#00cc96\",\"#ab63fa\",\"#FFA15A\",\"#19d3f3\",\"#FF6692\",\"#B6E880\",\"#FF97FF\",\"#FECB52\"],\"font\":{\"color\":\"#2a3f5f\"},\"geo\":{\"bgcolor\":\"white\",\"lakecolor\":\"white\",\"landcolor\":\"white\",\"showlakes\":true,\"showland\":true,\"subunitcolor\":\"#C8D4E3\"},\"hoverlabel\":{\"align\":\"left\"},\"hovermode\":\"closest\",\"paper_bgcolor\":\"white\",\"plot_bgcolor\":\"white\",\"polar\":{\"angularaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"radialaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"}},\"scene\":{\"xaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"yaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\""');
INSERT INTO public.study_system_attributes VALUES (10, 1, 'dashboard:plot_data:regions:4', '",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"zaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"}},\"shapedefaults\":{\"line\":{\"color\":\"#2a3f5f\"}},\"ternary\":{\"aaxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"baxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"caxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"}},\"title\":{\"x\":0.05},\"xaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2},\"yaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2}}},\"xaxis\":{\"anchor\":\"y\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"weights remaining, %\"},\"type\":\"log\",\"autorange\":\"reversed\",\"tickvals\":[100.0,82.6858108108108],\"ticktext\":[\"100\",\"82.7\"]},\"yaxis\":{\"anchor\":\"x\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"max_lr\"},\"type\":\"log\",\"tickvals\":[0.1,0.2,0.5,1.0,2.0,5.0],\"ticktext\":[\"0.1\",\"0.2\",\"0.5\",\"1\",\"2\",\"5\"],\"range\":[-1.06,-0.6389700043360187]},\"title\":{\"text\":\"Feasible region of max_lr\",\"x\":0.02},\"margin\":{\"t\":50,\"b\":20,\"l\":60,\"r\":20},\"legend\":{\"font\":{\"size\":10},\"orientation\":\"h\",\"y\":-0.22},\"legend2\":{\"x\":1.01,\"y\":1.0,\"font\":{\"size\":10}},\"width\":660,\"height\":440}}"');
INSERT INTO public.study_system_attributes VALUES (12, 1, 'dashboard:plot_data:accuracies:1', '",\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"contour\"}],\"heatmap\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"heatmap\"}],\"histogram2dcontour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2dcontour\"}],\"histogram2d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2d\"}],\"histogram\":[{\"marker\":{\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"histogram\"}],\"mesh3d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"mesh3d\"}],\"parcoords\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"parcoords\"}],\"pie\":[{\"automargin\":true,\"type\":\"pie\"}],\"scatter3d\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatter3d\"}],\"scattercarpet\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattercarpet\"}],\"scattergeo\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergeo\"}],\"scattergl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergl\"}],\"scattermap\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattermap\"}],\"scatterpolargl\":[{\"marker\":{\"colorbar"');
INSERT INTO public.study_system_attributes VALUES (11, 1, 'dashboard:plot_data:accuracies:0', '"{\"data\":[{\"error_y\":{\"array\":[7.638888888888888,0.0,6.944444444444443],\"color\":\"rgba(68, 1, 84, 0.5)\",\"thickness\":1,\"type\":\"data\",\"width\":2},\"hovertemplate\":\"max_lr %{x:.4g}: %{y:.2f} %\\u003cextra\\u003ecycle 0\\u003c\\u002fextra\\u003e\",\"legend\":\"legend2\",\"line\":{\"color\":\"rgb(68, 1, 84)\",\"width\":2},\"marker\":{\"size\":[5,12,5]},\"mode\":\"lines+markers\",\"name\":\"100 %\",\"x\":[0.05,0.2,0.8],\"y\":[37.5,57.638888888888886,32.638888888888886],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"error_y\":{\"array\":[9.02777777777777,0.0,7.638888888888881],\"color\":\"rgba(188, 223, 42, 0.5)\",\"thickness\":1,\"type\":\"data\",\"width\":2},\"hovertemplate\":\"max_lr %{x:.4g}: %{y:.2f} %\\u003cextra\\u003ecycle 1\\u003c\\u002fextra\\u003e\",\"legend\":\"legend2\",\"line\":{\"color\":\"rgb(188, 223, 42)\",\"width\":2},\"marker\":{\"size\":[5,12,5]},\"mode\":\"lines+markers\",\"name\":\"82.7 %\",\"x\":[0.05,0.2,0.8],\"y\":[47.22222222222222,68.75,29.166666666666664],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"}],\"layout\":{\"template\":{\"data\":{\"barpolar\":[{\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"barpolar\"}],\"bar\":[{\"error_x\":{\"color\":\"#2a3f5f\"},\"error_y\":{\"color\":\"#2a3f5f\"},\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"bar\"}],\"carpet\":[{\"aaxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"baxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"type\":\"carpet\"}],\"choropleth\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"choropleth\"}],\"contourcarpet\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"contourcarpet\"}],\"contour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778"');
INSERT INTO public.study_system_attributes VALUES (13, 1, 'dashboard:plot_data:accuracies:2', '"\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolargl\"}],\"scatterpolar\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolar\"}],\"scatter\":[{\"fillpattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2},\"type\":\"scatter\"}],\"scatterternary\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterternary\"}],\"surface\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"surface\"}],\"table\":[{\"cells\":{\"fill\":{\"color\":\"#EBF0F8\"},\"line\":{\"color\":\"white\"}},\"header\":{\"fill\":{\"color\":\"#C8D4E3\"},\"line\":{\"color\":\"white\"}},\"type\":\"table\"}]},\"layout\":{\"annotationdefaults\":{\"arrowcolor\":\"#2a3f5f\",\"arrowhead\":0,\"arrowwidth\":1},\"autotypenumbers\":\"strict\",\"coloraxis\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"colorscale\":{\"diverging\":[[0,\"#8e0152\"],[0.1,\"#c51b7d\"],[0.2,\"#de77ae\"],[0.3,\"#f1b6da\"],[0.4,\"#fde0ef\"],[0.5,\"#f7f7f7\"],[0.6,\"#e6f5d0\"],[0.7,\"#b8e186\"],[0.8,\"#7fbc41\"],[0.9,\"#4d9221\"],[1,\"#276419\"]],\"sequential\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"sequentialminus\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]]},\"colorway\":[\"#636efa\",\"#EF553B\",\"#00cc96\",\"#ab63fa\",\"#FFA15A\",\"#19d3f3\",\"#FF6692\",\"#B6E880\",\"#FF97FF\",\"#FECB52\"],\"font\":{\"color\":\"#2a3f5f\"},\"geo\":{\"bgcolor\":\"white\",\"lakecolor\":\"white\",\"landcolor\":\"white\",\"showlakes\":tru"');
INSERT INTO public.study_system_attributes VALUES (17, 3, 'dashboard:plot_data:regions:0', '"{\"data\":[{\"fill\":\"toself\",\"fillcolor\":\"rgba(0, 114, 178, 0.22)\",\"hoverinfo\":\"skip\",\"line\":{\"color\":\"rgba(0, 114, 178, 0.5)\",\"width\":1},\"mode\":\"lines\",\"name\":\"feasible region (within 0.5 points)\",\"x\":[100.0,82.6858108108108,82.6858108108108,100.0],\"y\":[0.2,0.2,0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"marker\":{\"color\":\"rgba(0, 114, 178, 0.65)\",\"size\":4},\"mode\":\"markers\",\"name\":\"grid value, inside\",\"x\":[100.0,82.6858108108108],\"y\":[0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"marker\":{\"color\":\"rgba(130, 130, 130, 0.35)\",\"size\":4},\"mode\":\"markers\",\"name\":\"grid value, outside\",\"x\":[100.0,100.0,82.6858108108108,82.6858108108108],\"y\":[0.05,0.8,0.05,0.8],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}\\u003cextra\\u003ewell-tuned\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"#0072B2\",\"size\":11},\"mode\":\"markers\",\"name\":\"well-tuned max_lr\",\"x\":[100.0,82.6858108108108],\"y\":[0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"end of the region: %{y:.4g}\\u003cextra\\u003e90 %\\u003c\\u002fextra\\u003e\",\"line\":{\"color\":\"#00456B\",\"width\":1.5},\"marker\":{\"line\":{\"color\":\"#00456B\",\"width\":1.5},\"size\":7,\"symbol\":\"line-ew\"},\"mode\":\"lines+markers\",\"name\":\"its ends, 90 %\",\"x\":[100.22840705990212,100.22840705990212,null,99.77211344906877,99.77211344906877,null,82.87467104024002,82.87467104024002,null,82.49738096844453,82.49738096844453,null],\"y\":[0.2,0.2,null,0.2,0.2,null,0.2,0.2,null,0.2,0.2,null],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"line\":{\"color\":\"#D55E00\",\"width\":3},\"mode\":\"lines\",\"name\":\"S-Cyc\",\"x\":[100.0,82.6858108108108],\"y\":[0.1,0.10153846153846155],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}, %{text}\\u003cextra\\u003eS-Cyc\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"#B00020\",\"line\":{\"color\":\"white\",\"width\":1},\"size\":12,\"symbol\":\"x\"},\"mode\":\"markers\",\"name\":\"S-Cyc: outside\",\"text\":[\"outside, 4 %\"],\"x\":[82.6858108108108],\"y\":[0.10153846153846155],\"t"');
INSERT INTO public.study_system_attributes VALUES (19, 3, 'dashboard:plot_data:regions:2', '"9f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2dcontour\"}],\"histogram2d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2d\"}],\"histogram\":[{\"marker\":{\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"histogram\"}],\"mesh3d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"mesh3d\"}],\"parcoords\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"parcoords\"}],\"pie\":[{\"automargin\":true,\"type\":\"pie\"}],\"scatter3d\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatter3d\"}],\"scattercarpet\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattercarpet\"}],\"scattergeo\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergeo\"}],\"scattergl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergl\"}],\"scattermap\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattermap\"}],\"scatterpolargl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolargl\"}],\"scatterpolar\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolar\"}],\"scatter\":[{\"fillpattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2},\"type\":\"scatter\"}],\"scatterternary\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterternary\"}],\"surface\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.55555555555555"');
INSERT INTO public.study_system_attributes VALUES (21, 3, 'dashboard:plot_data:regions:4', '",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"zaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"}},\"shapedefaults\":{\"line\":{\"color\":\"#2a3f5f\"}},\"ternary\":{\"aaxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"baxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"caxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"}},\"title\":{\"x\":0.05},\"xaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2},\"yaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2}}},\"xaxis\":{\"anchor\":\"y\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"weights remaining, %\"},\"type\":\"log\",\"autorange\":\"reversed\",\"tickvals\":[100.0,82.6858108108108],\"ticktext\":[\"100\",\"82.7\"]},\"yaxis\":{\"anchor\":\"x\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"max_lr\"},\"type\":\"log\",\"tickvals\":[0.1,0.2,0.5,1.0,2.0,5.0],\"ticktext\":[\"0.1\",\"0.2\",\"0.5\",\"1\",\"2\",\"5\"],\"range\":[-1.06,-0.6389700043360187]},\"title\":{\"text\":\"Feasible region of max_lr\",\"x\":0.02},\"margin\":{\"t\":50,\"b\":20,\"l\":60,\"r\":20},\"legend\":{\"font\":{\"size\":10},\"orientation\":\"h\",\"y\":-0.22},\"legend2\":{\"x\":1.01,\"y\":1.0,\"font\":{\"size\":10}},\"width\":660,\"height\":440}}"');
INSERT INTO public.study_system_attributes VALUES (22, 3, 'dashboard:plot_data:accuracies:0', '"{\"data\":[{\"error_y\":{\"array\":[7.638888888888888,0.0,6.944444444444443],\"color\":\"rgba(68, 1, 84, 0.5)\",\"thickness\":1,\"type\":\"data\",\"width\":2},\"hovertemplate\":\"max_lr %{x:.4g}: %{y:.2f} %\\u003cextra\\u003ecycle 0\\u003c\\u002fextra\\u003e\",\"legend\":\"legend2\",\"line\":{\"color\":\"rgb(68, 1, 84)\",\"width\":2},\"marker\":{\"size\":[5,12,5]},\"mode\":\"lines+markers\",\"name\":\"100 %\",\"x\":[0.05,0.2,0.8],\"y\":[37.5,57.638888888888886,32.638888888888886],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"error_y\":{\"array\":[9.02777777777777,0.0,7.638888888888881],\"color\":\"rgba(188, 223, 42, 0.5)\",\"thickness\":1,\"type\":\"data\",\"width\":2},\"hovertemplate\":\"max_lr %{x:.4g}: %{y:.2f} %\\u003cextra\\u003ecycle 1\\u003c\\u002fextra\\u003e\",\"legend\":\"legend2\",\"line\":{\"color\":\"rgb(188, 223, 42)\",\"width\":2},\"marker\":{\"size\":[5,12,5]},\"mode\":\"lines+markers\",\"name\":\"82.7 %\",\"x\":[0.05,0.2,0.8],\"y\":[47.22222222222222,68.75,29.166666666666664],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"}],\"layout\":{\"template\":{\"data\":{\"barpolar\":[{\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"barpolar\"}],\"bar\":[{\"error_x\":{\"color\":\"#2a3f5f\"},\"error_y\":{\"color\":\"#2a3f5f\"},\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"bar\"}],\"carpet\":[{\"aaxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"baxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"type\":\"carpet\"}],\"choropleth\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"choropleth\"}],\"contourcarpet\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"contourcarpet\"}],\"contour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778"');
INSERT INTO public.study_system_attributes VALUES (14, 1, 'dashboard:plot_data:accuracies:3', '"e,\"showland\":true,\"subunitcolor\":\"#C8D4E3\"},\"hoverlabel\":{\"align\":\"left\"},\"hovermode\":\"closest\",\"paper_bgcolor\":\"white\",\"plot_bgcolor\":\"white\",\"polar\":{\"angularaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"radialaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"}},\"scene\":{\"xaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"yaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"zaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"}},\"shapedefaults\":{\"line\":{\"color\":\"#2a3f5f\"}},\"ternary\":{\"aaxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"baxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"caxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"}},\"title\":{\"x\":0.05},\"xaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2},\"yaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2}}},\"xaxis\":{\"anchor\":\"y\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"max_lr\"},\"type\":\"log\",\"tickvals\":[0.01,0.02,0.05,0.1,0.2,0.5,1.0,2.0,5.0],\"ticktext\":[\"0.01\",\"0.02\",\"0.05\",\"0.1\",\"0.2\",\"0.5\",\"1\",\"2\",\"5\"],\"range\":[-1.3610299956639813,-0.036910013008056394]},\"yaxis\":{\"anchor\":\"x\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"mean validation accuracy \\u00b1 paired error, %\"},\"range\":[53.638888888888886,69.75]},\"title\":{\"text\":\"Validation accuracy over max_lr\",\"x\":0.02},\"margin\":{\"t\":50,\"b\":20,\"l\":60,\"r\":20},\"legend\":{\"font\":{\"size\":10},\"orientation\":\"h\",\"y\":-0.22},\"legend2\":{\"x\":1.01,\"y\":1.0,\"font\":{\"size\":10}},\"width\":660,\"height\":440}}"');
INSERT INTO public.study_system_attributes VALUES (18, 3, 'dashboard:plot_data:regions:1', '"ype\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}, %{text}\\u003cextra\\u003eS-Cyc\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"white\",\"line\":{\"color\":\"#D55E00\",\"width\":2},\"size\":10,\"symbol\":\"diamond\"},\"mode\":\"markers\",\"name\":\"S-Cyc: undecided\",\"text\":[\"undecided (+1), 6 %\"],\"x\":[100.0],\"y\":[0.1],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"}],\"layout\":{\"template\":{\"data\":{\"barpolar\":[{\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"barpolar\"}],\"bar\":[{\"error_x\":{\"color\":\"#2a3f5f\"},\"error_y\":{\"color\":\"#2a3f5f\"},\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"bar\"}],\"carpet\":[{\"aaxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"baxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"type\":\"carpet\"}],\"choropleth\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"choropleth\"}],\"contourcarpet\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"contourcarpet\"}],\"contour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"contour\"}],\"heatmap\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"heatmap\"}],\"histogram2dcontour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#4603"');
INSERT INTO public.study_system_attributes VALUES (20, 3, 'dashboard:plot_data:regions:3', '"56,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"surface\"}],\"table\":[{\"cells\":{\"fill\":{\"color\":\"#EBF0F8\"},\"line\":{\"color\":\"white\"}},\"header\":{\"fill\":{\"color\":\"#C8D4E3\"},\"line\":{\"color\":\"white\"}},\"type\":\"table\"}]},\"layout\":{\"annotationdefaults\":{\"arrowcolor\":\"#2a3f5f\",\"arrowhead\":0,\"arrowwidth\":1},\"autotypenumbers\":\"strict\",\"coloraxis\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"colorscale\":{\"diverging\":[[0,\"#8e0152\"],[0.1,\"#c51b7d\"],[0.2,\"#de77ae\"],[0.3,\"#f1b6da\"],[0.4,\"#fde0ef\"],[0.5,\"#f7f7f7\"],[0.6,\"#e6f5d0\"],[0.7,\"#b8e186\"],[0.8,\"#7fbc41\"],[0.9,\"#4d9221\"],[1,\"#276419\"]],\"sequential\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"sequentialminus\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]]},\"colorway\":[\"#636efa\",\"#EF553B\",\"#00cc96\",\"#ab63fa\",\"#FFA15A\",\"#19d3f3\",\"#FF6692\",\"#B6E880\",\"#FF97FF\",\"#FECB52\"],\"font\":{\"color\":\"#2a3f5f\"},\"geo\":{\"bgcolor\":\"white\",\"lakecolor\":\"white\",\"landcolor\":\"white\",\"showlakes\":true,\"showland\":true,\"subunitcolor\":\"#C8D4E3\"},\"hoverlabel\":{\"align\":\"left\"},\"hovermode\":\"closest\",\"paper_bgcolor\":\"white\",\"plot_bgcolor\":\"white\",\"polar\":{\"angularaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"radialaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"}},\"scene\":{\"xaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"yaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\""');
INSERT INTO public.study_system_attributes VALUES (23, 3, 'dashboard:plot_data:accuracies:1', '",\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"contour\"}],\"heatmap\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"heatmap\"}],\"histogram2dcontour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2dcontour\"}],\"histogram2d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2d\"}],\"histogram\":[{\"marker\":{\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"histogram\"}],\"mesh3d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"mesh3d\"}],\"parcoords\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"parcoords\"}],\"pie\":[{\"automargin\":true,\"type\":\"pie\"}],\"scatter3d\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatter3d\"}],\"scattercarpet\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattercarpet\"}],\"scattergeo\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergeo\"}],\"scattergl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergl\"}],\"scattermap\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattermap\"}],\"scatterpolargl\":[{\"marker\":{\"colorbar"');
INSERT INTO public.study_system_attributes VALUES (25, 3, 'dashboard:plot_data:accuracies:3', '"e,\"showland\":true,\"subunitcolor\":\"#C8D4E3\"},\"hoverlabel\":{\"align\":\"left\"},\"hovermode\":\"closest\",\"paper_bgcolor\":\"white\",\"plot_bgcolor\":\"white\",\"polar\":{\"angularaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"radialaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"}},\"scene\":{\"xaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"yaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"zaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"}},\"shapedefaults\":{\"line\":{\"color\":\"#2a3f5f\"}},\"ternary\":{\"aaxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"baxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"caxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"}},\"title\":{\"x\":0.05},\"xaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2},\"yaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2}}},\"xaxis\":{\"anchor\":\"y\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"max_lr\"},\"type\":\"log\",\"tickvals\":[0.01,0.02,0.05,0.1,0.2,0.5,1.0,2.0,5.0],\"ticktext\":[\"0.01\",\"0.02\",\"0.05\",\"0.1\",\"0.2\",\"0.5\",\"1\",\"2\",\"5\"],\"range\":[-1.3610299956639813,-0.036910013008056394]},\"yaxis\":{\"anchor\":\"x\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"mean validation accuracy \\u00b1 paired error, %\"},\"range\":[53.638888888888886,69.75]},\"title\":{\"text\":\"Validation accuracy over max_lr\",\"x\":0.02},\"margin\":{\"t\":50,\"b\":20,\"l\":60,\"r\":20},\"legend\":{\"font\":{\"size\":10},\"orientation\":\"h\",\"y\":-0.22},\"legend2\":{\"x\":1.01,\"y\":1.0,\"font\":{\"size\":10}},\"width\":660,\"height\":440}}"');
INSERT INTO public.study_system_attributes VALUES (29, 2, 'dashboard:plot_data:regions:1', '"ype\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}, %{text}\\u003cextra\\u003eS-Cyc\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"white\",\"line\":{\"color\":\"#D55E00\",\"width\":2},\"size\":10,\"symbol\":\"diamond\"},\"mode\":\"markers\",\"name\":\"S-Cyc: undecided\",\"text\":[\"undecided (+1), 6 %\"],\"x\":[100.0],\"y\":[0.1],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"}],\"layout\":{\"template\":{\"data\":{\"barpolar\":[{\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"barpolar\"}],\"bar\":[{\"error_x\":{\"color\":\"#2a3f5f\"},\"error_y\":{\"color\":\"#2a3f5f\"},\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"bar\"}],\"carpet\":[{\"aaxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"baxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"type\":\"carpet\"}],\"choropleth\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"choropleth\"}],\"contourcarpet\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"contourcarpet\"}],\"contour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"contour\"}],\"heatmap\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"heatmap\"}],\"histogram2dcontour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#4603"');
INSERT INTO public.study_system_attributes VALUES (31, 2, 'dashboard:plot_data:regions:3', '"56,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"surface\"}],\"table\":[{\"cells\":{\"fill\":{\"color\":\"#EBF0F8\"},\"line\":{\"color\":\"white\"}},\"header\":{\"fill\":{\"color\":\"#C8D4E3\"},\"line\":{\"color\":\"white\"}},\"type\":\"table\"}]},\"layout\":{\"annotationdefaults\":{\"arrowcolor\":\"#2a3f5f\",\"arrowhead\":0,\"arrowwidth\":1},\"autotypenumbers\":\"strict\",\"coloraxis\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"colorscale\":{\"diverging\":[[0,\"#8e0152\"],[0.1,\"#c51b7d\"],[0.2,\"#de77ae\"],[0.3,\"#f1b6da\"],[0.4,\"#fde0ef\"],[0.5,\"#f7f7f7\"],[0.6,\"#e6f5d0\"],[0.7,\"#b8e186\"],[0.8,\"#7fbc41\"],[0.9,\"#4d9221\"],[1,\"#276419\"]],\"sequential\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"sequentialminus\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]]},\"colorway\":[\"#636efa\",\"#EF553B\",\"#00cc96\",\"#ab63fa\",\"#FFA15A\",\"#19d3f3\",\"#FF6692\",\"#B6E880\",\"#FF97FF\",\"#FECB52\"],\"font\":{\"color\":\"#2a3f5f\"},\"geo\":{\"bgcolor\":\"white\",\"lakecolor\":\"white\",\"landcolor\":\"white\",\"showlakes\":true,\"showland\":true,\"subunitcolor\":\"#C8D4E3\"},\"hoverlabel\":{\"align\":\"left\"},\"hovermode\":\"closest\",\"paper_bgcolor\":\"white\",\"plot_bgcolor\":\"white\",\"polar\":{\"angularaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"radialaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"}},\"scene\":{\"xaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"yaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\""');
INSERT INTO public.study_system_attributes VALUES (34, 2, 'dashboard:plot_data:accuracies:1', '",\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"contour\"}],\"heatmap\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"heatmap\"}],\"histogram2dcontour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2dcontour\"}],\"histogram2d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2d\"}],\"histogram\":[{\"marker\":{\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"histogram\"}],\"mesh3d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"mesh3d\"}],\"parcoords\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"parcoords\"}],\"pie\":[{\"automargin\":true,\"type\":\"pie\"}],\"scatter3d\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatter3d\"}],\"scattercarpet\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattercarpet\"}],\"scattergeo\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergeo\"}],\"scattergl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergl\"}],\"scattermap\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattermap\"}],\"scatterpolargl\":[{\"marker\":{\"colorbar"');
INSERT INTO public.study_system_attributes VALUES (36, 2, 'dashboard:plot_data:accuracies:3', '"e,\"showland\":true,\"subunitcolor\":\"#C8D4E3\"},\"hoverlabel\":{\"align\":\"left\"},\"hovermode\":\"closest\",\"paper_bgcolor\":\"white\",\"plot_bgcolor\":\"white\",\"polar\":{\"angularaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"radialaxis\":{\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\"}},\"scene\":{\"xaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"yaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"zaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"}},\"shapedefaults\":{\"line\":{\"color\":\"#2a3f5f\"}},\"ternary\":{\"aaxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"baxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"caxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"}},\"title\":{\"x\":0.05},\"xaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2},\"yaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2}}},\"xaxis\":{\"anchor\":\"y\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"max_lr\"},\"type\":\"log\",\"tickvals\":[0.01,0.02,0.05,0.1,0.2,0.5,1.0,2.0,5.0],\"ticktext\":[\"0.01\",\"0.02\",\"0.05\",\"0.1\",\"0.2\",\"0.5\",\"1\",\"2\",\"5\"],\"range\":[-1.3610299956639813,-0.036910013008056394]},\"yaxis\":{\"anchor\":\"x\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"mean validation accuracy \\u00b1 paired error, %\"},\"range\":[53.638888888888886,69.75]},\"title\":{\"text\":\"Validation accuracy over max_lr\",\"x\":0.02},\"margin\":{\"t\":50,\"b\":20,\"l\":60,\"r\":20},\"legend\":{\"font\":{\"size\":10},\"orientation\":\"h\",\"y\":-0.22},\"legend2\":{\"x\":1.01,\"y\":1.0,\"font\":{\"size\":10}},\"width\":660,\"height\":440}}"');
INSERT INTO public.study_system_attributes VALUES (24, 3, 'dashboard:plot_data:accuracies:2', '"\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolargl\"}],\"scatterpolar\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolar\"}],\"scatter\":[{\"fillpattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2},\"type\":\"scatter\"}],\"scatterternary\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterternary\"}],\"surface\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"surface\"}],\"table\":[{\"cells\":{\"fill\":{\"color\":\"#EBF0F8\"},\"line\":{\"color\":\"white\"}},\"header\":{\"fill\":{\"color\":\"#C8D4E3\"},\"line\":{\"color\":\"white\"}},\"type\":\"table\"}]},\"layout\":{\"annotationdefaults\":{\"arrowcolor\":\"#2a3f5f\",\"arrowhead\":0,\"arrowwidth\":1},\"autotypenumbers\":\"strict\",\"coloraxis\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"colorscale\":{\"diverging\":[[0,\"#8e0152\"],[0.1,\"#c51b7d\"],[0.2,\"#de77ae\"],[0.3,\"#f1b6da\"],[0.4,\"#fde0ef\"],[0.5,\"#f7f7f7\"],[0.6,\"#e6f5d0\"],[0.7,\"#b8e186\"],[0.8,\"#7fbc41\"],[0.9,\"#4d9221\"],[1,\"#276419\"]],\"sequential\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"sequentialminus\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]]},\"colorway\":[\"#636efa\",\"#EF553B\",\"#00cc96\",\"#ab63fa\",\"#FFA15A\",\"#19d3f3\",\"#FF6692\",\"#B6E880\",\"#FF97FF\",\"#FECB52\"],\"font\":{\"color\":\"#2a3f5f\"},\"geo\":{\"bgcolor\":\"white\",\"lakecolor\":\"white\",\"landcolor\":\"white\",\"showlakes\":tru"');
INSERT INTO public.study_system_attributes VALUES (28, 2, 'dashboard:plot_data:regions:0', '"{\"data\":[{\"fill\":\"toself\",\"fillcolor\":\"rgba(0, 114, 178, 0.22)\",\"hoverinfo\":\"skip\",\"line\":{\"color\":\"rgba(0, 114, 178, 0.5)\",\"width\":1},\"mode\":\"lines\",\"name\":\"feasible region (within 0.5 points)\",\"x\":[100.0,82.6858108108108,82.6858108108108,100.0],\"y\":[0.2,0.2,0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"marker\":{\"color\":\"rgba(0, 114, 178, 0.65)\",\"size\":4},\"mode\":\"markers\",\"name\":\"grid value, inside\",\"x\":[100.0,82.6858108108108],\"y\":[0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"marker\":{\"color\":\"rgba(130, 130, 130, 0.35)\",\"size\":4},\"mode\":\"markers\",\"name\":\"grid value, outside\",\"x\":[100.0,100.0,82.6858108108108,82.6858108108108],\"y\":[0.05,0.8,0.05,0.8],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}\\u003cextra\\u003ewell-tuned\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"#0072B2\",\"size\":11},\"mode\":\"markers\",\"name\":\"well-tuned max_lr\",\"x\":[100.0,82.6858108108108],\"y\":[0.2,0.2],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"end of the region: %{y:.4g}\\u003cextra\\u003e90 %\\u003c\\u002fextra\\u003e\",\"line\":{\"color\":\"#00456B\",\"width\":1.5},\"marker\":{\"line\":{\"color\":\"#00456B\",\"width\":1.5},\"size\":7,\"symbol\":\"line-ew\"},\"mode\":\"lines+markers\",\"name\":\"its ends, 90 %\",\"x\":[100.22840705990212,100.22840705990212,null,99.77211344906877,99.77211344906877,null,82.87467104024002,82.87467104024002,null,82.49738096844453,82.49738096844453,null],\"y\":[0.2,0.2,null,0.2,0.2,null,0.2,0.2,null,0.2,0.2,null],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hoverinfo\":\"skip\",\"line\":{\"color\":\"#D55E00\",\"width\":3},\"mode\":\"lines\",\"name\":\"S-Cyc\",\"x\":[100.0,82.6858108108108],\"y\":[0.1,0.10153846153846155],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"hovertemplate\":\"%{x:.1f} % remaining: %{y:.4g}, %{text}\\u003cextra\\u003eS-Cyc\\u003c\\u002fextra\\u003e\",\"marker\":{\"color\":\"#B00020\",\"line\":{\"color\":\"white\",\"width\":1},\"size\":12,\"symbol\":\"x\"},\"mode\":\"markers\",\"name\":\"S-Cyc: outside\",\"text\":[\"outside, 4 %\"],\"x\":[82.6858108108108],\"y\":[0.10153846153846155],\"t"');
INSERT INTO public.study_system_attributes VALUES (30, 2, 'dashboard:plot_data:regions:2', '"9f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2dcontour\"}],\"histogram2d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"histogram2d\"}],\"histogram\":[{\"marker\":{\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"histogram\"}],\"mesh3d\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"mesh3d\"}],\"parcoords\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"parcoords\"}],\"pie\":[{\"automargin\":true,\"type\":\"pie\"}],\"scatter3d\":[{\"line\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatter3d\"}],\"scattercarpet\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattercarpet\"}],\"scattergeo\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergeo\"}],\"scattergl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattergl\"}],\"scattermap\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scattermap\"}],\"scatterpolargl\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolargl\"}],\"scatterpolar\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolar\"}],\"scatter\":[{\"fillpattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2},\"type\":\"scatter\"}],\"scatterternary\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterternary\"}],\"surface\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.55555555555555"');
INSERT INTO public.study_system_attributes VALUES (32, 2, 'dashboard:plot_data:regions:4', '",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"},\"zaxis\":{\"backgroundcolor\":\"white\",\"gridcolor\":\"#DFE8F3\",\"gridwidth\":2,\"linecolor\":\"#EBF0F8\",\"showbackground\":true,\"ticks\":\"\",\"zerolinecolor\":\"#EBF0F8\"}},\"shapedefaults\":{\"line\":{\"color\":\"#2a3f5f\"}},\"ternary\":{\"aaxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"baxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"},\"bgcolor\":\"white\",\"caxis\":{\"gridcolor\":\"#DFE8F3\",\"linecolor\":\"#A2B1C6\",\"ticks\":\"\"}},\"title\":{\"x\":0.05},\"xaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2},\"yaxis\":{\"automargin\":true,\"gridcolor\":\"#EBF0F8\",\"linecolor\":\"#EBF0F8\",\"ticks\":\"\",\"title\":{\"standoff\":15},\"zerolinecolor\":\"#EBF0F8\",\"zerolinewidth\":2}}},\"xaxis\":{\"anchor\":\"y\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"weights remaining, %\"},\"type\":\"log\",\"autorange\":\"reversed\",\"tickvals\":[100.0,82.6858108108108],\"ticktext\":[\"100\",\"82.7\"]},\"yaxis\":{\"anchor\":\"x\",\"domain\":[0.0,1.0],\"title\":{\"text\":\"max_lr\"},\"type\":\"log\",\"tickvals\":[0.1,0.2,0.5,1.0,2.0,5.0],\"ticktext\":[\"0.1\",\"0.2\",\"0.5\",\"1\",\"2\",\"5\"],\"range\":[-1.06,-0.6389700043360187]},\"title\":{\"text\":\"Feasible region of max_lr\",\"x\":0.02},\"margin\":{\"t\":50,\"b\":20,\"l\":60,\"r\":20},\"legend\":{\"font\":{\"size\":10},\"orientation\":\"h\",\"y\":-0.22},\"legend2\":{\"x\":1.01,\"y\":1.0,\"font\":{\"size\":10}},\"width\":660,\"height\":440}}"');
INSERT INTO public.study_system_attributes VALUES (33, 2, 'dashboard:plot_data:accuracies:0', '"{\"data\":[{\"error_y\":{\"array\":[7.638888888888888,0.0,6.944444444444443],\"color\":\"rgba(68, 1, 84, 0.5)\",\"thickness\":1,\"type\":\"data\",\"width\":2},\"hovertemplate\":\"max_lr %{x:.4g}: %{y:.2f} %\\u003cextra\\u003ecycle 0\\u003c\\u002fextra\\u003e\",\"legend\":\"legend2\",\"line\":{\"color\":\"rgb(68, 1, 84)\",\"width\":2},\"marker\":{\"size\":[5,12,5]},\"mode\":\"lines+markers\",\"name\":\"100 %\",\"x\":[0.05,0.2,0.8],\"y\":[37.5,57.638888888888886,32.638888888888886],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"},{\"error_y\":{\"array\":[9.02777777777777,0.0,7.638888888888881],\"color\":\"rgba(188, 223, 42, 0.5)\",\"thickness\":1,\"type\":\"data\",\"width\":2},\"hovertemplate\":\"max_lr %{x:.4g}: %{y:.2f} %\\u003cextra\\u003ecycle 1\\u003c\\u002fextra\\u003e\",\"legend\":\"legend2\",\"line\":{\"color\":\"rgb(188, 223, 42)\",\"width\":2},\"marker\":{\"size\":[5,12,5]},\"mode\":\"lines+markers\",\"name\":\"82.7 %\",\"x\":[0.05,0.2,0.8],\"y\":[47.22222222222222,68.75,29.166666666666664],\"type\":\"scatter\",\"xaxis\":\"x\",\"yaxis\":\"y\"}],\"layout\":{\"template\":{\"data\":{\"barpolar\":[{\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"barpolar\"}],\"bar\":[{\"error_x\":{\"color\":\"#2a3f5f\"},\"error_y\":{\"color\":\"#2a3f5f\"},\"marker\":{\"line\":{\"color\":\"white\",\"width\":0.5},\"pattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2}},\"type\":\"bar\"}],\"carpet\":[{\"aaxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"baxis\":{\"endlinecolor\":\"#2a3f5f\",\"gridcolor\":\"#C8D4E3\",\"linecolor\":\"#C8D4E3\",\"minorgridcolor\":\"#C8D4E3\",\"startlinecolor\":\"#2a3f5f\"},\"type\":\"carpet\"}],\"choropleth\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"choropleth\"}],\"contourcarpet\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"type\":\"contourcarpet\"}],\"contour\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778"');
INSERT INTO public.study_system_attributes VALUES (35, 2, 'dashboard:plot_data:accuracies:2', '"\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolargl\"}],\"scatterpolar\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterpolar\"}],\"scatter\":[{\"fillpattern\":{\"fillmode\":\"overlay\",\"size\":10,\"solidity\":0.2},\"type\":\"scatter\"}],\"scatterternary\":[{\"marker\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"type\":\"scatterternary\"}],\"surface\":[{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"},\"colorscale\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"type\":\"surface\"}],\"table\":[{\"cells\":{\"fill\":{\"color\":\"#EBF0F8\"},\"line\":{\"color\":\"white\"}},\"header\":{\"fill\":{\"color\":\"#C8D4E3\"},\"line\":{\"color\":\"white\"}},\"type\":\"table\"}]},\"layout\":{\"annotationdefaults\":{\"arrowcolor\":\"#2a3f5f\",\"arrowhead\":0,\"arrowwidth\":1},\"autotypenumbers\":\"strict\",\"coloraxis\":{\"colorbar\":{\"outlinewidth\":0,\"ticks\":\"\"}},\"colorscale\":{\"diverging\":[[0,\"#8e0152\"],[0.1,\"#c51b7d\"],[0.2,\"#de77ae\"],[0.3,\"#f1b6da\"],[0.4,\"#fde0ef\"],[0.5,\"#f7f7f7\"],[0.6,\"#e6f5d0\"],[0.7,\"#b8e186\"],[0.8,\"#7fbc41\"],[0.9,\"#4d9221\"],[1,\"#276419\"]],\"sequential\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]],\"sequentialminus\":[[0.0,\"#0d0887\"],[0.1111111111111111,\"#46039f\"],[0.2222222222222222,\"#7201a8\"],[0.3333333333333333,\"#9c179e\"],[0.4444444444444444,\"#bd3786\"],[0.5555555555555556,\"#d8576b\"],[0.6666666666666666,\"#ed7953\"],[0.7777777777777778,\"#fb9f3a\"],[0.8888888888888888,\"#fdca26\"],[1.0,\"#f0f921\"]]},\"colorway\":[\"#636efa\",\"#EF553B\",\"#00cc96\",\"#ab63fa\",\"#FFA15A\",\"#19d3f3\",\"#FF6692\",\"#B6E880\",\"#FF97FF\",\"#FECB52\"],\"font\":{\"color\":\"#2a3f5f\"},\"geo\":{\"bgcolor\":\"white\",\"lakecolor\":\"white\",\"landcolor\":\"white\",\"showlakes\":tru"');
INSERT INTO public.study_user_attributes VALUES (1, 1, 'place', '{"kind": "oracle", "cycle": 0}');
INSERT INTO public.study_user_attributes VALUES (2, 1, 'graph', '"50f2d526a637ee02cc5f9ed0ccb7190ae2670e67235c63c84b42e932b4108471"');
INSERT INTO public.study_user_attributes VALUES (3, 2, 'place', '{"kind": "path", "cycle": null}');
INSERT INTO public.study_user_attributes VALUES (4, 2, 'graph', '"50f2d526a637ee02cc5f9ed0ccb7190ae2670e67235c63c84b42e932b4108471"');
INSERT INTO public.study_user_attributes VALUES (5, 3, 'place', '{"kind": "oracle", "cycle": 1}');
INSERT INTO public.study_user_attributes VALUES (6, 3, 'graph', '"50f2d526a637ee02cc5f9ed0ccb7190ae2670e67235c63c84b42e932b4108471"');
INSERT INTO public.study_user_attributes VALUES (7, 1, 'run:tiny-ff8501d0', '{"role": "oracle", "cycle": 0, "grid": [0.05, 0.2, 0.8], "replicates": 2}');
INSERT INTO public.study_user_attributes VALUES (8, 3, 'run:tiny-ff8501d0', '{"role": "oracle", "cycle": 1, "grid": [0.05, 0.2, 0.8], "replicates": 2}');
INSERT INTO public.study_user_attributes VALUES (9, 2, 'run:tiny-ff8501d0', '{"role": "s_cyc"}');
INSERT INTO public.trial_intermediate_values VALUES (1, 1, 6, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (2, 1, 12, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (3, 2, 6, 44.44444444444444, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (4, 2, 12, 59.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (5, 3, 6, 36.111111111111114, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (6, 3, 12, 43.05555555555556, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (7, 4, 6, 41.666666666666664, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (8, 4, 12, 55.55555555555556, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (9, 5, 6, 30.555555555555557, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (10, 5, 12, 50, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (11, 6, 6, 44.44444444444444, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (12, 6, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (13, 7, 6, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (14, 7, 12, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (15, 8, 6, 29.166666666666668, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (16, 8, 12, 37.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (17, 9, 6, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (18, 9, 12, 76.38888888888889, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (19, 10, 6, 54.166666666666664, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (20, 10, 12, 62.5, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (21, 11, 6, 33.333333333333336, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (22, 11, 12, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (23, 12, 6, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (24, 12, 12, 70.83333333333333, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (25, 13, 6, 38.888888888888886, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (26, 13, 12, 54.166666666666664, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (27, 14, 6, 51.388888888888886, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (28, 14, 12, 66.66666666666667, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (29, 15, 6, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (30, 15, 12, 19.444444444444443, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (31, 16, 6, 22.22222222222222, 'FINITE');
INSERT INTO public.trial_intermediate_values VALUES (32, 16, 12, 34.72222222222222, 'FINITE');
INSERT INTO public.trial_params VALUES (1, 1, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (2, 1, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (3, 2, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (4, 2, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (5, 3, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (6, 3, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (7, 4, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (8, 4, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (9, 5, 'max_lr', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (10, 5, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (11, 5, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (12, 6, 'max_lr', 0.1, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (13, 6, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (14, 6, 'cycle', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (15, 7, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (16, 7, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (17, 8, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (18, 8, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (19, 9, 'max_lr', 0.10153846153846155, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (20, 9, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (21, 9, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (22, 10, 'max_lr', 0.10153846153846155, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (23, 10, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (24, 10, 'cycle', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (25, 11, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (26, 11, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (27, 12, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (28, 12, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (29, 13, 'max_lr', 0.05, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (30, 13, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (31, 14, 'max_lr', 0.2, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (32, 14, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (33, 15, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (34, 15, 'replicate', 0, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_params VALUES (35, 16, 'max_lr', 0.8, '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-08, "high": 10000.0, "log": true}}');
INSERT INTO public.trial_params VALUES (36, 16, 'replicate', 1, '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1000}}');
INSERT INTO public.trial_user_attributes VALUES (1, 1, 'cell', '"e385f12d7be7f0a7b8924385630bad6b3938c9f9ff89490b1dd2c396d42076d0"');
INSERT INTO public.trial_user_attributes VALUES (2, 1, 'test_accuracy', '37.5');
INSERT INTO public.trial_user_attributes VALUES (3, 1, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (4, 1, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (5, 1, 'checkpoint', '"5e0d4b35d77345e951694ccd6d20d49c3e6c110233c77ac44439cd1aa19a4705"');
INSERT INTO public.trial_user_attributes VALUES (6, 1, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (7, 1, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (8, 1, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (9, 1, 'cost', '{"steps": 12, "seconds": 0.0030933902507968014, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (10, 2, 'cell', '"fc3c3b3c1ceddfe7e3debafdfb7247586b7c60f9d901286b02d6c6ecaab16441"');
INSERT INTO public.trial_user_attributes VALUES (11, 2, 'test_accuracy', '51.388888888888886');
INSERT INTO public.trial_user_attributes VALUES (12, 2, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (13, 2, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (14, 2, 'checkpoint', '"6e3e3d9019f0b1d532e36a684e22d71dbfaf45f263a1672354aa32873c1c077f"');
INSERT INTO public.trial_user_attributes VALUES (15, 2, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (16, 2, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (17, 2, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (18, 2, 'cost', '{"steps": 12, "seconds": 0.0030933902507968014, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (19, 3, 'cell', '"e52b3740fa31ba2093845ce8d8bf96ed73eaafcd90207081f0697a2e15aee7a9"');
INSERT INTO public.trial_user_attributes VALUES (20, 3, 'test_accuracy', '19.444444444444443');
INSERT INTO public.trial_user_attributes VALUES (21, 3, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (22, 3, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (23, 3, 'checkpoint', '"9e32bdd0b7927562a30ce88ff964f656c9c569f918eaedad96d6ff51b80818c1"');
INSERT INTO public.trial_user_attributes VALUES (24, 3, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (25, 3, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (26, 3, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (27, 3, 'cost', '{"steps": 12, "seconds": 0.0030933902507968014, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (28, 4, 'cell', '"49c023ff39b8af354afa5cc9511cb4dd86dc25c2f30b9049916f63705942128d"');
INSERT INTO public.trial_user_attributes VALUES (29, 4, 'test_accuracy', '36.111111111111114');
INSERT INTO public.trial_user_attributes VALUES (30, 4, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (31, 4, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (32, 4, 'checkpoint', '"e3edb166e074693031ded1a8e58f6ffb595106284c0809caeb58be18ca5c58b2"');
INSERT INTO public.trial_user_attributes VALUES (33, 4, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (34, 4, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (35, 4, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (36, 4, 'cost', '{"steps": 12, "seconds": 0.0030933902507968014, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (37, 5, 'cell', '"ec15320ba1364cae753d5312f34285146a15b4126688486adb3d199da69134d8"');
INSERT INTO public.trial_user_attributes VALUES (38, 5, 'test_accuracy', '50.0');
INSERT INTO public.trial_user_attributes VALUES (39, 5, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (40, 5, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (41, 5, 'checkpoint', '"299819f4a64ee38dd85c5525de4df131fcffea523c3bc42d659173f464ccfd79"');
INSERT INTO public.trial_user_attributes VALUES (42, 5, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (43, 5, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (44, 5, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (45, 5, 'cost', '{"steps": 12, "seconds": 0.006013443500705762, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (46, 6, 'cell', '"9778f331a80ab03e67f98c51354583d47b8c6d4dcc6348f2d8d3697f541c98eb"');
INSERT INTO public.trial_user_attributes VALUES (47, 6, 'test_accuracy', '20.833333333333332');
INSERT INTO public.trial_user_attributes VALUES (48, 6, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (49, 6, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (50, 6, 'checkpoint', '"f90f5573c87627a978ff191cfe7976ed4e4529cbaa3201e1fa3e51c449dacf5c"');
INSERT INTO public.trial_user_attributes VALUES (51, 6, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (52, 6, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (53, 6, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (54, 6, 'cost', '{"steps": 12, "seconds": 0.006013443500705762, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (55, 7, 'cell', '"e97993e36796615d3ff674dc22902529ab50f072f4b364e62936f72b9ae98b32"');
INSERT INTO public.trial_user_attributes VALUES (56, 7, 'test_accuracy', '30.555555555555557');
INSERT INTO public.trial_user_attributes VALUES (57, 7, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (58, 7, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (59, 7, 'checkpoint', '"411e57e7abc9435a959b66c21d4b83e5fece5787975aaaa1d4f63f67ebf89f1f"');
INSERT INTO public.trial_user_attributes VALUES (60, 7, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (61, 7, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (62, 7, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (63, 7, 'cost', '{"steps": 12, "seconds": 0.005960329501249362, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (64, 8, 'cell', '"6090a771a5abc82c408714f6f3b0f5a785f9e3e25fcb11634b73cab038bb6def"');
INSERT INTO public.trial_user_attributes VALUES (65, 8, 'test_accuracy', '23.61111111111111');
INSERT INTO public.trial_user_attributes VALUES (66, 8, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (67, 8, 'weights_remaining', '100.0');
INSERT INTO public.trial_user_attributes VALUES (68, 8, 'checkpoint', '"11a451cf8d943ce633eeab19972c7d284d25b7e808332a84727e718f6aa4e3d6"');
INSERT INTO public.trial_user_attributes VALUES (69, 8, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (70, 8, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (71, 8, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (72, 8, 'cost', '{"steps": 12, "seconds": 0.005960329501249362, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (73, 9, 'cell', '"b4f1d1fd0921af77b86ef9e1b1d0453cc28306316b75a1a91d616d525bcbf2f1"');
INSERT INTO public.trial_user_attributes VALUES (74, 9, 'test_accuracy', '69.44444444444444');
INSERT INTO public.trial_user_attributes VALUES (75, 9, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (76, 9, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (77, 9, 'checkpoint', '"930c39eea585d1ea28633fd3317e2af1a3655467b669e401ad3780c562aed553"');
INSERT INTO public.trial_user_attributes VALUES (78, 9, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (79, 9, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (80, 9, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (81, 9, 'cost', '{"steps": 12, "seconds": 0.0044512550011859275, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (82, 10, 'cell', '"c0079e8df1f9202a0f0450fe81451befbb21f9b2bbb8f70794d927f54902d15c"');
INSERT INTO public.trial_user_attributes VALUES (83, 10, 'test_accuracy', '43.05555555555556');
INSERT INTO public.trial_user_attributes VALUES (84, 10, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (85, 10, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (86, 10, 'checkpoint', '"750e63da10fdadcc898f4beb12a55d5847f7accbcdecbbe1174e5d7288353d07"');
INSERT INTO public.trial_user_attributes VALUES (87, 10, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (88, 10, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (89, 10, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (90, 10, 'cost', '{"steps": 12, "seconds": 0.0044512550011859275, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (91, 11, 'cell', '"6c4925d26f70a2a002cac70234eea60656e54e0883cb8d5cc8de61fd360c2f4d"');
INSERT INTO public.trial_user_attributes VALUES (92, 11, 'test_accuracy', '51.388888888888886');
INSERT INTO public.trial_user_attributes VALUES (93, 11, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (94, 11, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (95, 11, 'checkpoint', '"326de0ec8737ef0798af1b1e8807a122e3766c6c246ffc47b4659269d3d7edac"');
INSERT INTO public.trial_user_attributes VALUES (96, 11, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (97, 11, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (98, 11, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (99, 11, 'cost', '{"steps": 12, "seconds": 0.0029009874997427687, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (109, 13, 'cell', '"c7232a39d5f3d8d5cbf662913bb20b633ddd32fd3f045e4340729fa8e84027d8"');
INSERT INTO public.trial_user_attributes VALUES (110, 13, 'test_accuracy', '33.333333333333336');
INSERT INTO public.trial_user_attributes VALUES (111, 13, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (112, 13, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (113, 13, 'checkpoint', '"2ada891a5d875def20b53fbcbdf875f6edf3ad97d3a60729572006913b2434b6"');
INSERT INTO public.trial_user_attributes VALUES (114, 13, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (115, 13, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (116, 13, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (117, 13, 'cost', '{"steps": 12, "seconds": 0.0029009874997427687, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (127, 15, 'cell', '"1b754a80a648735311d665a8bf6d6890a4fc08986e8c7397878c97484484e3e9"');
INSERT INTO public.trial_user_attributes VALUES (128, 15, 'test_accuracy', '25.0');
INSERT INTO public.trial_user_attributes VALUES (129, 15, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (130, 15, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (131, 15, 'checkpoint', '"fe139f6a7a51c6d111b40f1b86778d71386a5d292a2f6d63c2897a605a9986b6"');
INSERT INTO public.trial_user_attributes VALUES (132, 15, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (133, 15, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (134, 15, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (135, 15, 'cost', '{"steps": 12, "seconds": 0.00375329450253048, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_user_attributes VALUES (100, 12, 'cell', '"2c298ea9fdb4b133d223fae92d6db688656238562f06eccad2c153c975849efe"');
INSERT INTO public.trial_user_attributes VALUES (101, 12, 'test_accuracy', '69.44444444444444');
INSERT INTO public.trial_user_attributes VALUES (102, 12, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (103, 12, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (104, 12, 'checkpoint', '"4614aee688ddef59d36f4c9957d716e31291607b24cb91d51cb27a69b9b7279d"');
INSERT INTO public.trial_user_attributes VALUES (105, 12, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (106, 12, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (107, 12, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (108, 12, 'cost', '{"steps": 12, "seconds": 0.0029009874997427687, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (118, 14, 'cell', '"ee004c84ce20164607ff84eebe6de35e1ffa185bfa72692c06adf1a423865c25"');
INSERT INTO public.trial_user_attributes VALUES (119, 14, 'test_accuracy', '45.833333333333336');
INSERT INTO public.trial_user_attributes VALUES (120, 14, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (121, 14, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (122, 14, 'checkpoint', '"8e6c0b1ea5de5f8ac6a683e9c6509db0da2e775058e0588ea086ee6a6491ab9d"');
INSERT INTO public.trial_user_attributes VALUES (123, 14, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (124, 14, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (125, 14, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (126, 14, 'cost', '{"steps": 12, "seconds": 0.0029009874997427687, "device": "cpu", "engine": "stacked", "members": 4}');
INSERT INTO public.trial_user_attributes VALUES (136, 16, 'cell', '"e1935dec3cdac9340ec2855e536eb8bbc51c30d2c3b50263c8c1c083ad865a33"');
INSERT INTO public.trial_user_attributes VALUES (137, 16, 'test_accuracy', '30.555555555555557');
INSERT INTO public.trial_user_attributes VALUES (138, 16, 'diverged', 'false');
INSERT INTO public.trial_user_attributes VALUES (139, 16, 'weights_remaining', '82.6858108108108');
INSERT INTO public.trial_user_attributes VALUES (140, 16, 'checkpoint', '"b88a441abadf9d0c9d193d473a379c3061d2149e45cff65e9ce5f53f9fe9d8f6"');
INSERT INTO public.trial_user_attributes VALUES (141, 16, 'kept', 'null');
INSERT INTO public.trial_user_attributes VALUES (142, 16, 'schedule', '{"name": "warmup", "warmup": 3, "drops": [8]}');
INSERT INTO public.trial_user_attributes VALUES (143, 16, 'recorded', 'null');
INSERT INTO public.trial_user_attributes VALUES (144, 16, 'cost', '{"steps": 12, "seconds": 0.00375329450253048, "device": "cpu", "engine": "stacked", "members": 2}');
INSERT INTO public.trial_values VALUES (1, 1, 0, 31.944444444444443, 'FINITE');
INSERT INTO public.trial_values VALUES (2, 2, 0, 59.72222222222222, 'FINITE');
INSERT INTO public.trial_values VALUES (3, 3, 0, 43.05555555555556, 'FINITE');
INSERT INTO public.trial_values VALUES (4, 4, 0, 55.55555555555556, 'FINITE');
INSERT INTO public.trial_values VALUES (5, 5, 0, 50, 'FINITE');
INSERT INTO public.trial_values VALUES (6, 6, 0, 44.44444444444444, 'FINITE');
INSERT INTO public.trial_values VALUES (7, 7, 0, 27.77777777777778, 'FINITE');
INSERT INTO public.trial_values VALUES (8, 8, 0, 37.5, 'FINITE');
INSERT INTO public.trial_values VALUES (9, 9, 0, 76.38888888888889, 'FINITE');
INSERT INTO public.trial_values VALUES (10, 10, 0, 62.5, 'FINITE');
INSERT INTO public.trial_values VALUES (11, 11, 0, 40.27777777777778, 'FINITE');
INSERT INTO public.trial_values VALUES (12, 12, 0, 70.83333333333333, 'FINITE');
INSERT INTO public.trial_values VALUES (13, 13, 0, 54.166666666666664, 'FINITE');
INSERT INTO public.trial_values VALUES (14, 14, 0, 66.66666666666667, 'FINITE');
INSERT INTO public.trial_values VALUES (15, 15, 0, 23.61111111111111, 'FINITE');
INSERT INTO public.trial_values VALUES (16, 16, 0, 34.72222222222222, 'FINITE');
INSERT INTO public.trials VALUES (1, 0, 1, 'COMPLETE', '2026-11-22 21:16:53.300966', '2026-11-22 21:16:53.304059');
INSERT INTO public.trials VALUES (2, 1, 1, 'COMPLETE', '2026-11-22 21:16:53.382415', '2026-11-22 21:16:53.385508');
INSERT INTO public.trials VALUES (3, 2, 1, 'COMPLETE', '2026-11-22 21:16:53.430291', '2026-11-22 21:16:53.433384');
INSERT INTO public.trials VALUES (4, 3, 1, 'COMPLETE', '2026-11-22 21:16:53.607952', '2026-11-22 21:16:53.611045');
INSERT INTO public.trials VALUES (5, 0, 2, 'COMPLETE', '2026-11-22 21:16:53.718998', '2026-11-22 21:16:53.725011');
INSERT INTO public.trials VALUES (6, 1, 2, 'COMPLETE', '2026-11-22 21:16:53.793338', '2026-11-22 21:16:53.799351');
INSERT INTO public.trials VALUES (7, 4, 1, 'COMPLETE', '2026-11-22 21:16:53.895023', '2026-11-22 21:16:53.900983');
INSERT INTO public.trials VALUES (8, 5, 1, 'COMPLETE', '2026-11-22 21:16:53.942513', '2026-11-22 21:16:53.948473');
INSERT INTO public.trials VALUES (9, 2, 2, 'COMPLETE', '2026-11-22 21:16:54.008431', '2026-11-22 21:16:54.012882');
INSERT INTO public.trials VALUES (10, 3, 2, 'COMPLETE', '2026-11-22 21:16:54.045095', '2026-11-22 21:16:54.049546');
INSERT INTO public.trials VALUES (11, 0, 3, 'COMPLETE', '2026-11-22 21:16:54.162962', '2026-11-22 21:16:54.165863');
INSERT INTO public.trials VALUES (12, 1, 3, 'COMPLETE', '2026-11-22 21:16:54.199197', '2026-11-22 21:16:54.202098');
INSERT INTO public.trials VALUES (13, 2, 3, 'COMPLETE', '2026-11-22 21:16:54.23469', '2026-11-22 21:16:54.237591');
INSERT INTO public.trials VALUES (14, 3, 3, 'COMPLETE', '2026-11-22 21:16:54.268132', '2026-11-22 21:16:54.271033');
INSERT INTO public.trials VALUES (15, 4, 3, 'COMPLETE', '2026-11-22 21:16:54.332709', '2026-11-22 21:16:54.336462');
INSERT INTO public.trials VALUES (16, 5, 3, 'COMPLETE', '2026-11-22 21:16:54.366395', '2026-11-22 21:16:54.370148');
INSERT INTO public.version_info VALUES (1, 12, '5.0.0');
SELECT pg_catalog.setval('public.oracle_runs_number_seq', 2, true);
SELECT pg_catalog.setval('public.oracle_schema_version_seq', 1, false);
SELECT pg_catalog.setval('public.studies_study_id_seq', 3, true);
SELECT pg_catalog.setval('public.study_directions_study_direction_id_seq', 3, true);
SELECT pg_catalog.setval('public.study_system_attributes_study_system_attribute_id_seq', 36, true);
SELECT pg_catalog.setval('public.study_user_attributes_study_user_attribute_id_seq', 9, true);
SELECT pg_catalog.setval('public.trial_heartbeats_trial_heartbeat_id_seq', 1, false);
SELECT pg_catalog.setval('public.trial_intermediate_values_trial_intermediate_value_id_seq', 32, true);
SELECT pg_catalog.setval('public.trial_params_param_id_seq', 36, true);
SELECT pg_catalog.setval('public.trial_system_attributes_trial_system_attribute_id_seq', 1, false);
SELECT pg_catalog.setval('public.trial_user_attributes_trial_user_attribute_id_seq', 144, true);
SELECT pg_catalog.setval('public.trial_values_trial_value_id_seq', 16, true);
SELECT pg_catalog.setval('public.trials_trial_id_seq', 16, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.oracle_leases
    ADD CONSTRAINT oracle_leases_pkey PRIMARY KEY (graph);
ALTER TABLE ONLY public.oracle_plans
    ADD CONSTRAINT oracle_plans_pkey PRIMARY KEY (run_id, device);
ALTER TABLE ONLY public.oracle_runs
    ADD CONSTRAINT oracle_runs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.oracle_runs
    ADD CONSTRAINT oracle_runs_run_id_key UNIQUE (run_id);
ALTER TABLE ONLY public.oracle_schema
    ADD CONSTRAINT oracle_schema_pkey PRIMARY KEY (version);
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
