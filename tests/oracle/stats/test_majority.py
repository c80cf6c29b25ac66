import math
import random

import pytest

from oracle.stats.majority import at_chance


def test_what_naming_the_largest_class_gives_is_no_learning() -> None:
    assert at_chance(60.0, majority=60.0, images=10_000, tries=1)
    assert at_chance(12.0, majority=60.0, images=10_000, tries=1)
    assert not at_chance(62.0, majority=60.0, images=10_000, tries=1)


def test_with_few_images_a_high_accuracy_may_be_chance_and_the_best_of_many_tries_even_more() -> (
    None
):
    assert at_chance(100.0, majority=50.0, images=4, tries=1)  # 1 of 16 by luck
    assert not at_chance(100.0, majority=50.0, images=5, tries=1)  # 1 of 32
    assert at_chance(100.0, majority=50.0, images=5, tries=2)


def test_the_bound_is_chernoffs() -> None:
    nats = 300 * (0.3 * math.log(3) + 0.7 * math.log(0.7 / 0.9))  # 46.1 nats
    assert at_chance(30.0, 10.0, 300, tries=math.ceil(0.05 * math.exp(nats)) + 10**6)
    assert not at_chance(30.0, 10.0, 300, tries=10**6)


@pytest.mark.parametrize(("classes", "images", "tries"), [(2, 20, 5), (10, 72, 40), (200, 500, 20)])
def test_the_best_of_networks_that_guess_is_seldom_taken_for_learning(
    classes: int, images: int, tries: int
) -> None:
    luck = random.Random(0)
    wrong = 0
    for _ in range(200):
        best = max(sum(luck.random() < 1 / classes for _ in range(images)) for _ in range(tries))
        wrong += not at_chance(100 * best / images, 100 / classes, images, tries)
    assert wrong <= 10 + 8  # 5 % of 200, and luck
