"""The manifests for Kubernetes: valid to its schemas, and true to one another."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

Objects = list[dict[str, Any]]
Pods = dict[str, dict[str, Any]]
Understood = Callable[[str, list[str]], dict[str, Any]]
VERSIONS = ("1.29", "1.33")
ANOTHERS = ("ray.io/v1",)  # whose schema is not Kubernetes' own
CLUSTER_FIELDS = {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"}
GROUP_FIELDS = {
    "groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template",
}  # fmt: skip


def of_kind(manifests: Objects, kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_what_kubernetes_takes(
    manifests: Objects, pods: Pods, version: str
) -> None:
    checked = [each for each in manifests if each["apiVersion"] not in ANOTHERS]
    checked += [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod["spec"]}
        for pod in pods.values()
    ]
    assert len(checked) == 9 + 4
    for each in checked:
        kubernetes_validate.validate(each, version, strict=True)


def test_a_misspelt_field_would_be_noticed(manifests: Objects) -> None:
    job = yaml.safe_load(yaml.safe_dump(of_kind(manifests, "Job")["oracle-migrate"]))
    job["spec"]["backofLimit"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[0], strict=True)


def test_the_ray_cluster_has_kuberays_fields_and_our_version_of_ray(
    manifests: Objects,
) -> None:
    cluster = of_kind(manifests, "RayCluster")["oracle"]["spec"]
    assert set(cluster) == CLUSTER_FIELDS
    assert cluster["rayVersion"] == metadata.version("ray")
    assert cluster["authOptions"] == {"mode": "token"}
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert set(group) <= GROUP_FIELDS
        # KubeRay takes text alone; a number is refused by its schema.
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_ray_nodes_are_started_with_options_that_there_are(
    manifests: Objects, understood: Understood
) -> None:
    cluster = of_kind(manifests, "RayCluster")["oracle"]["spec"]

    def started(group: dict[str, Any]) -> dict[str, Any]:
        given = [f"--{name}={value}" for name, value in group["rayStartParams"].items()
                 if name != "disable-usage-stats"]  # fmt: skip
        return understood("ray", ["start", *given])

    assert started(cluster["headGroupSpec"])["num_cpus"] == 0
    (group,) = cluster["workerGroupSpecs"]
    worker = started(group)
    (container,) = group["template"]["spec"]["containers"]
    assert worker["num_cpus"] == int(container["resources"]["requests"]["cpu"]) == 1
    assert worker["node_manager_port"] == container["livenessProbe"]["tcpSocket"]["port"]


def test_containers_run_commands_and_options_that_there_are(
    manifests: Objects, understood: Understood
) -> None:
    (api,) = of_kind(manifests, "Deployment")["oracle-api"]["spec"]["template"]["spec"][
        "containers"
    ]
    assert api["command"] == ["api"]
    serve = understood("oracle", ["serve", *api["args"]])
    assert serve["port"] == api["ports"][0]["containerPort"]
    # KubeRay names a head's Service so.
    (cluster,) = of_kind(manifests, "RayCluster")
    assert serve["ray_address"] == f"{cluster}-head-svc:6379"
    (job,) = of_kind(manifests, "Job")["oracle-migrate"]["spec"]["template"]["spec"]["containers"]
    understood("oracle", job["args"])


def test_every_pod_runs_with_few_rights_and_bounded_memory(pods: Pods) -> None:
    assert set(pods) == {"head", "cpu workers", "oracle-api", "oracle-migrate"}
    for pod in pods.values():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        user = spec["securityContext"]
        assert user["runAsNonRoot"] is True
        assert user["runAsUser"] == 10001
        assert user["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]
            assert ":latest" not in container["image"]


def test_whatever_stays_is_probed(pods: Pods) -> None:
    for name, pod in pods.items():
        (container,) = pod["spec"]["containers"]
        probes = {each for each in container if each.endswith("Probe")}
        expected = {"startupProbe", "readinessProbe", "livenessProbe"}
        assert probes == (set() if name == "oracle-migrate" else expected)


def test_mounts_claims_and_secrets_are_those_that_there_are(manifests: Objects, pods: Pods) -> None:
    secrets = {*of_kind(manifests, "Secret"), *of_kind(manifests, "RayCluster")}
    for name, pod in pods.items():
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        (container,) = pod["spec"]["containers"]
        assert {each["name"] for each in container["volumeMounts"]} == set(volumes)
        for each in volumes.values():
            if "secret" in each:
                assert each["secret"]["secretName"] in secrets
            if "persistentVolumeClaim" in each:
                claimed = of_kind(manifests, "PersistentVolumeClaim")
                assert each["persistentVolumeClaim"]["claimName"] in claimed
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert ("runs" in mounts) == (name != "oracle-migrate")
        for variable in container["env"]:
            if re.search("_FILE|_PATH", variable["name"]):
                assert any(variable["value"].startswith(f"{path}/") for path in mounts.values())
            assert not re.search("PASSWORD|SECRET|TOKEN$", variable["name"])
    (claim,) = of_kind(manifests, "PersistentVolumeClaim").values()
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


def selected(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector takes a Pod."""
    exact = selector.get("matchLabels", {})
    return all(labels.get(name) == value for name, value in exact.items()) and all(
        each["operator"] == "In" and labels.get(each["key"]) in each["values"]
        for each in selector.get("matchExpressions", ())
    )


def test_traffic_is_let_in_only_among_ray_nodes_and_to_the_api(
    manifests: Objects, pods: Pods
) -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in pods.items()}
    policies = of_kind(manifests, "NetworkPolicy")

    def taken(name: str) -> set[str]:
        selector = policies[name]["spec"]["podSelector"]
        return {pod for pod, each in labels.items() if selected(selector, each)}

    assert taken("nothing-comes-in") == set(pods)
    assert "ingress" not in policies["nothing-comes-in"]["spec"]
    assert taken("among-ray-nodes") == {"head", "cpu workers", "oracle-api"}
    (rule,) = policies["among-ray-nodes"]["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": policies["among-ray-nodes"]["spec"]["podSelector"]}]
    assert taken("to-the-api") == {"oracle-api"}
    (rule,) = policies["to-the-api"]["spec"]["ingress"]
    assert rule["ports"] == [{"port": "http"}]
    (service,) = of_kind(manifests, "Service").values()
    assert {
        name for name, each in labels.items() if service["spec"]["selector"].items() <= each.items()
    } == {"oracle-api"}


def test_secrets_are_templates_that_hold_none(manifests: Objects) -> None:
    (secret,) = of_kind(manifests, "Secret").values()
    (value,) = secret["stringData"].values()
    assert "PASSWORD" in value
    assert ".example" in value


def listed(docker: Path) -> Iterator[str]:
    content = yaml.safe_load((docker / "kuberay" / "kustomization.yaml").read_text())
    yield from content["resources"]


def test_the_kustomization_lists_all_but_the_template(docker: Path) -> None:
    there = {file.name for file in (docker / "kuberay").glob("*.yaml")}
    assert set(listed(docker)) == there - {"kustomization.yaml", "secret.example.yaml"}


def test_kubectl_builds_the_kustomization(docker: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        ["kubectl", "kustomize", docker / "kuberay"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    namespaced = [each for each in built if each["kind"] != "Namespace"]
    assert len(built) == 9
    assert {each["metadata"]["namespace"] for each in namespaced} == {"scyc-oracle"}
