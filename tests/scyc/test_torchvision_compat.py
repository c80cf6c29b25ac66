import subprocess
import sys


def test_torchvision_opens_in_a_fresh_process_and_twice() -> None:
    code = (
        "from scyc import torchvision_compat as compat; a = compat.torchvision(); "
        "assert a is compat.torchvision(); "
        "print(a.models.resnet18(num_classes=3).fc.out_features, a.datasets.FashionMNIST.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "FashionMNIST"]
