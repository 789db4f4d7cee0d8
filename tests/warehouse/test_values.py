"""Every formula of the catalogue gives its value for one repository, as it does for all."""

from gitinsight.metrics import catalogue
from gitinsight.settings import Settings
from warehouse import analyst, values
from warehouse.engine import make_engine
from warehouse.shapes import Shapes


def test_the_value_of_one_is_that_among_all(analysed: Settings) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    shapes, known = Shapes(), 0
    for metric in catalogue.metrics().values():
        with engine.connect() as connection:
            among = {
                one["repository_id"]: one["value"]
                for one in analyst.select(connection, metric.formula)
            }
        with engine.connect() as connection:
            found = values.value(connection, 1, metric, shapes)
            nobody = values.value(connection, 99, metric, shapes)
        expected = among.get(1)
        assert found == (None if expected is None else float(expected)), metric.id
        assert nobody is None
        known += found is not None
    engine.dispose()

    assert known > 40
