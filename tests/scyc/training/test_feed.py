import torch

from scyc.data import images as data
from scyc.data.images import Images
from scyc.specs.system import AugmentSpec, SplitSpec
from scyc.training.feed import Feed


def make_feed(images: Images, augment: AugmentSpec, replicate: int = 0) -> Feed:
    split = data.split(images, SplitSpec(), 0, replicate)
    purpose = (0, "training", replicate, 0)
    return Feed(images, split, augment, (4, 10), purpose, torch.float64, torch.device("cpu"))


def test_a_crop_is_a_shifted_image_on_black_and_a_flip_its_mirror(colours: Images) -> None:
    feed = make_feed(colours, AugmentSpec(crop=2, flip=True))
    plain = make_feed(colours, AugmentSpec())
    indices = torch.arange(10)
    seen, originals = feed.training_batch(1, indices), plain.batch(indices)
    black = plain._normalised(torch.zeros(1, 3, 1, 1, dtype=torch.uint8))
    flipped = 0
    for image, original in zip(seen, originals, strict=True):
        padded = black[0].expand(3, 12, 12).clone()
        padded[:, 2:10, 2:10] = original
        crops = {
            (dy, dx, flip): cut.flip(2) if flip else cut
            for dy in range(5)
            for dx in range(5)
            for flip in (False, True)
            for cut in [padded[:, dy : dy + 8, dx : dx + 8]]
        }
        (match,) = [key for key, crop in crops.items() if torch.equal(crop, image)]
        flipped += match[2]
    assert 0 < flipped < 10


def test_augmentation_is_drawn_again_at_each_step_and_is_reproducible(colours: Images) -> None:
    spec = AugmentSpec(crop=2, flip=True)
    indices = torch.arange(10)
    one, two = make_feed(colours, spec), make_feed(colours, spec)
    assert torch.equal(one.training_batch(2, indices), two.training_batch(2, indices))
    assert not torch.equal(one.training_batch(2, indices), one.training_batch(3, indices))


def test_validation_images_are_never_augmented(colours: Images) -> None:
    feed, plain = (
        make_feed(colours, AugmentSpec(crop=2, flip=True)),
        make_feed(colours, AugmentSpec()),
    )
    assert torch.equal(feed.batch(feed.validation), plain.batch(plain.validation))
