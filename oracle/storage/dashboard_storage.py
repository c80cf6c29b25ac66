"""The Optuna storage as the dashboard sees it: studies under the names that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optuna.storages import RDBStorage

from oracle.database.contents.studies import first_weights_remaining
from oracle.storage.people_names import DescribedStudy, people_names

if TYPE_CHECKING:  # Optuna has no public name for it
    from optuna.study._frozen import FrozenStudy


class DashboardStorage(RDBStorage):
    """Names what is listed; a study can still be looked up by its own name."""

    def get_all_studies(self) -> list[FrozenStudy]:
        """Return all studies, under the names of :func:`people_names`."""
        studies = super().get_all_studies()
        described = (
            DescribedStudy(each._study_id, each.study_name, each.user_attrs) for each in studies
        )
        names = people_names(described, first_weights_remaining(self.engine))
        for each in studies:
            each.study_name = names[each._study_id]
        return studies
