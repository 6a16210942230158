"""The models' SQL, which is DuckDB's, as Spark's.

sqlglot translates what is only written differently. What *means* something else in the two engines
is rewritten here, a rule each (`_RULES`); ``tests/spark/test_dialect.py`` runs an example of every
rule on both engines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.spark import Spark
from sqlglot.errors import UnsupportedError
from sqlglot.generators.spark import SparkGenerator

ColumnsOf = Callable[[str], list[str]]
"""Names of the columns of a query in Spark's SQL."""


class _DuckDB(DuckDB):
    """DuckDB's SQL, in which dbt-spark may have put names in backquotes."""

    class Tokenizer(DuckDB.Tokenizer):
        IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ['"', "`"]


class _Spark(Spark):
    """Spark's SQL, in which a CTE may have CTEs of its own: sqlglot would put all side by side."""

    class Generator(SparkGenerator):
        EXPRESSIONS_WITHOUT_NESTED_CTES: ClassVar[set[type[exp.Expr]]] = set()


def to_spark(sql: str, columns_of: ColumnsOf | None = None, *, is_of_relation: bool = False) -> str:
    """Translate a query.

    Parameters
    ----------
    sql : str
        One query in DuckDB's SQL.
    columns_of : callable, optional
        Tells the columns of a query in Spark's SQL, where Spark wants the names that
        ``unpivot … on columns(*)`` and ``union all by name`` stand for.
    is_of_relation : bool
        Whether a table or view is made of it, whose rows have no order on Spark: to sort all of
        them would move all of them.

    Returns
    -------
    str
        The query in Spark's SQL.

    Raises
    ------
    sqlglot.errors.ParseError
        `sql` is not DuckDB's SQL.
    """
    tree: exp.Expr = sqlglot.parse_one(sql, read=_DuckDB)
    if is_of_relation and tree.args.get("limit") is None:
        tree.set("order", None)
    return _write(_name_columns(_set_quantiles_apart(tree), columns_of))


def _write(tree: exp.Expr) -> str:
    return _rewrite(tree).sql(_Spark, pretty=True)


def _rewrite(tree: exp.Expr) -> exp.Expr:
    """Apply the rules from the leaves up, so that what a rule is given is Spark's already."""
    for node in reversed(list(tree.dfs())):
        rule = _RULES.get(type(node))
        if rule is None or isinstance(node.parent, _WITH_PARENT.get(type(node), ())):
            continue
        written = rule(node)
        if written is not node:
            if node is tree:
                tree = written
            else:
                node.replace(written)
    return tree


def _function(name: str, *arguments: exp.Expr | str | int) -> exp.Anonymous:
    return exp.Anonymous(
        this=name,
        expressions=[
            one
            if isinstance(one, exp.Expr)
            else exp.Literal.number(one)
            if isinstance(one, int)
            else exp.Literal.string(one)
            for one in arguments
        ],
    )


def _lambda(text: str) -> exp.Expr:
    arguments: list[exp.Expr] = sqlglot.parse_one(f"f({text})", read="spark").expressions
    return arguments[0]


def _spark(text: str, **parts: exp.Expr) -> exp.Expr:
    """Parse Spark's SQL with placeholders ``:name`` for expressions."""
    return exp.replace_placeholders(sqlglot.parse_one(text, read="spark"), **parts)


# ---- Names of columns that Spark wants to be told ----


def _columns(relation: exp.Expr, node: exp.Expr, columns_of: ColumnsOf | None) -> list[str]:
    """Name the columns of a table or of a CTE that `node` can read."""
    if columns_of is None:
        raise UnsupportedError(f"{node.sql('duckdb')[:80]} … cannot be written without columns_of.")
    ctes: list[exp.CTE] = []
    outer: exp.Expr | None = node
    while outer is not None:
        with_ = outer.args.get("with_")
        if with_ is not None:
            before = itertools.takewhile(lambda cte: not _contains(cte, node), with_.expressions)
            ctes = [*before, *ctes]
        outer = outer.parent
    names = _selected(relation, ctes, columns_of)
    if names is not None:
        return names
    written = ", ".join(f"{cte.alias} as ({_write(cte.this.copy())})" for cte in ctes)
    prefix = f"with {written} " if ctes else ""
    return columns_of(f"{prefix}select * from {_write(relation.copy())}")


def _selected(
    relation: exp.Expr, ctes: Sequence[exp.CTE], columns_of: ColumnsOf
) -> list[str] | None:
    """Name the columns of a relation where the query says them, which Spark need not read then."""
    if not isinstance(relation, exp.Table):
        return None
    places = [place for place, cte in enumerate(ctes) if cte.alias == relation.name]
    if not places or relation.db:
        return columns_of(f"select * from {_write(relation.copy())}")
    select = ctes[places[-1]].this
    if not isinstance(select, exp.Select):
        return None
    names: list[str] = []
    for one in select.expressions:
        if isinstance(one, exp.Star) and not select.args.get("joins"):
            within = _selected(select.args["from_"].this, ctes[: places[-1]], columns_of)
            if within is None:
                return None
            excluded = {left_out.name for left_out in one.args.get("except_") or ()}
            names.extend(name for name in within if name not in excluded)
        elif one.is_star or not one.output_name:
            return None
        else:
            names.append(one.output_name)
    return names


def _contains(tree: exp.Expr, node: exp.Expr) -> bool:
    return any(one is node for one in tree.walk())


def _name_columns(tree: exp.Expr, columns_of: ColumnsOf | None) -> exp.Expr:
    """Write out what stands for columns without naming them."""
    for union in list(tree.find_all(exp.Union)):
        if union.args.get("by_name") and not isinstance(union.parent, exp.Union):
            _name_union(union, columns_of)
    for star in list(tree.find_all(exp.Star)):
        if star.args.get("replace"):
            _name_replaced(star, columns_of)
    for unpivot in list(tree.find_all(exp.Pivot)):
        if unpivot.args.get("unpivot") and isinstance(unpivot.expressions[0], exp.Columns):
            tree = _name_unpivoted(unpivot, columns_of, tree)
    return tree


def _name_union(union: exp.Union, columns_of: ColumnsOf | None) -> None:
    """``… union all by name …``: every part says all columns, null for what it has not."""
    parts, left = [], union
    while isinstance(left, exp.Union):
        left.set("by_name", False)
        parts.append(left.expression)
        left = left.this
    parts.append(left)
    written = [_written_by_name(part, union, columns_of) for part in reversed(parts)]
    names = list(dict.fromkeys(itertools.chain(*written)))
    for part, found in zip(reversed(parts), written, strict=True):
        part.set(
            "expressions",
            [found[name] if name in found else exp.alias_(exp.null(), name) for name in names],
        )


def _written_by_name(
    part: exp.Select, union: exp.Union, columns_of: ColumnsOf | None
) -> dict[str, exp.Expr]:
    if isinstance(part.expressions[0], exp.Star):
        names = _columns(part.args["from_"].this, union, columns_of)
        return {name: exp.column(name) for name in names}
    return {one.alias_or_name: one for one in part.expressions}


def _name_replaced(star: exp.Star, columns_of: ColumnsOf | None) -> None:
    """``select * replace (x as column) from relation``."""
    select = star.find_ancestor(exp.Select)
    assert select is not None
    replaced = {one.alias: one for one in star.args["replace"]}
    excluded = {one.name for one in star.args.get("except_") or ()}
    names = _columns(select.args["from_"].this, star, columns_of)
    written = [replaced.get(name, exp.column(name)) for name in names if name not in excluded]
    expressions = [written if one is star else [one] for one in select.expressions]
    select.set("expressions", list(itertools.chain(*expressions)))


def _name_unpivoted(unpivot: exp.Pivot, columns_of: ColumnsOf | None, tree: exp.Expr) -> exp.Expr:
    """``unpivot relation on columns(* exclude (…)) into name n value v``."""
    relation, into = unpivot.this, unpivot.args["into"]
    star = unpivot.expressions[0].this
    excluded = [one.name for one in star.args.get("except_") or ()]
    name, value = into.this.name, into.expressions[0].name
    names = _columns(relation, unpivot, columns_of)
    source = _write(relation.copy())
    # Spark's own unpivot fails on a struct that is null (4.3, in generated code).
    pairs = ", ".join(
        f"named_struct('name', '{one}', 'value', `{one}`)" for one in names if one not in excluded
    )
    kept = [one for one in names if one in excluded]
    written = sqlglot.parse_one(
        f"select {', '.join([*kept, name, value])} from {source} "
        f"lateral view inline(array({pairs})) as {name}, {value} where {value} is not null",
        read="spark",
    )
    written.set("with_", unpivot.args.get("with_"))
    if unpivot is tree:
        return written
    unpivot.replace(written)
    return tree


# ---- Quantiles of some rows ----


def _set_quantiles_apart(tree: exp.Expr) -> exp.Expr:
    """``quantile_cont(case when … then x end, …)`` by group, beside sums: a query of its own.

    To group for quantiles Spark sorts the rows, all of them and as wide as all aggregates
    together want them. So it is given only those of whom the condition holds.
    """
    for select in list(tree.find_all(exp.Select)):
        quantiles = [
            one
            for one in itertools.chain(
                *(e.find_all(exp.PercentileCont) for e in select.expressions)
            )
            if one.find_ancestor(exp.Select) is select and _is_of_some_rows(one)
        ]
        conditions = {one.this.args["ifs"][0].this for one in quantiles}
        if len(conditions) == 1 and _only_groups(select):
            keys = select.args["group"].expressions
            joined = _joined_quantiles(select, keys, conditions.pop())
            if select is tree:
                return joined
            select.replace(joined)
    return tree


def _is_of_some_rows(quantile: exp.Expr) -> bool:
    case = quantile.this
    return (
        isinstance(case, exp.Case) and not case.args.get("default") and len(case.args["ifs"]) == 1
    )


def _only_groups(select: exp.Select) -> bool:
    """Whether a query groups by columns, and does nothing with the groups then."""
    keys = select.args.get("group") or exp.Group()
    return (
        all(isinstance(key, exp.Column | exp.Func) for key in keys.expressions)
        and {part for part, value in keys.args.items() if value} == {"expressions"}
        and not any(select.args.get(part) for part in _OF_GROUPS)
        and select.find(exp.Window) is None
    )


_OF_GROUPS = ("having", "qualify", "order", "limit", "distinct")


def _joined_quantiles(select: exp.Select, keys: list[exp.Expr], condition: exp.Expr) -> exp.Select:
    """Join the quantiles of the rows of a condition to the other aggregates of a query."""
    named = [exp.alias_(key.copy(), f"k{n}") for n, key in enumerate(keys)]
    summed, ranked = list(named), list(named)

    def place(node: exp.Expr) -> exp.Expr:
        if node in keys:
            return exp.column(f"k{keys.index(node)}", "summed")
        if not isinstance(node, exp.AggFunc | exp.Filter):
            return node
        is_ranked = isinstance(node, exp.PercentileCont) and _is_of_some_rows(node)
        columns, side = (ranked, "ranked") if is_ranked else (summed, "summed")
        aggregate = node.copy()
        if is_ranked:
            aggregate.set("this", node.this.args["ifs"][0].args["true"].copy())
        columns.append(exp.alias_(aggregate, f"a{len(columns)}"))
        return exp.column(columns[-1].alias, side)

    placed = [
        exp.alias_(one.unalias().transform(place), one.alias_or_name) for one in select.expressions
    ]
    sides = select.copy(), select.copy().where(condition.copy())
    for side, columns in zip(sides, (summed, ranked), strict=True):
        side.set("with_", None)
        side.set("expressions", [one.copy() for one in columns])
    same = [
        exp.NullSafeEQ(
            this=exp.column(one.alias, "summed"), expression=exp.column(one.alias, "ranked")
        )
        for one in named
    ]
    joined = (
        exp.select(*placed)
        .from_(sides[0].subquery("summed"))
        .join(sides[1].subquery("ranked"), on=exp.and_(*same), join_type="left")
    )
    joined.set("with_", select.args.get("with_"))
    return joined


# ---- Aggregates in an order ----


def _ordered(node: exp.Expr) -> tuple[exp.Expr, list[exp.Ordered]]:
    if isinstance(node.this, exp.Order):
        return node.this.this, node.this.expressions
    return node.this, []


def _collected(value: exp.Expr, order: list[exp.Ordered]) -> exp.Expr:
    """Collect values in an array, nulls too, in an order if there is one."""
    fields = {f"k{n}": key.this for n, key in enumerate(order)} | {"v": value}
    struct = exp.Anonymous(
        this="named_struct",
        expressions=[
            part for name, field in fields.items() for part in (exp.Literal.string(name), field)
        ],
    )
    collected: exp.Expr = _function("collect_list", struct)
    return collected


def _sorted(collected: exp.Expr, order: list[exp.Ordered]) -> exp.Expr:
    if order:
        branches = " ".join(
            f"when a.k{n} is null and b.k{n} is not null then 1 "
            f"when b.k{n} is null and a.k{n} is not null then -1 "
            f"when a.k{n} {'>' if key.args.get('desc') else '<'} b.k{n} then -1 "
            f"when a.k{n} {'<' if key.args.get('desc') else '>'} b.k{n} then 1"
            for n, key in enumerate(order)
        )
        collected = _function(
            "array_sort",
            collected,
            _lambda(f"(a, b) -> case {branches} else 0 end"),
        )
    return _function("transform", collected, _lambda("s -> s.v"))


def _different(distinct: exp.Distinct, condition: exp.Expr | None) -> exp.Expr:
    """Collect different values in an array, upwards."""
    collected = _filtered(_function("collect_set", *distinct.expressions), condition)
    return _function("array_sort", collected)


def _known(array: exp.Expr) -> exp.Expr:
    """Leave nulls out of an array."""
    return _function("filter", array, _lambda("x -> x is not null"))


def _array_agg(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    value, order = _ordered(node)
    if isinstance(value, exp.Distinct):
        if any(key.args.get("desc") for key in order):
            raise UnsupportedError(f"Different values are sorted upwards: {node.sql('duckdb')}")
        return _function("nullif", _different(value, condition), _function("array"))
    array = _sorted(_filtered(_collected(value, order), condition), order)
    return _function("nullif", array, _function("array"))


def _any_value(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    value, order = _ordered(node)
    if not order:
        return _filtered(node, condition)
    array = _sorted(_filtered(_collected(value, order), condition), order)
    return _function("try_element_at", _known(array), 1)


def _string_agg(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    separator = node.args.get("separator") or exp.Literal.string(",")
    value, order = _ordered(node)
    if isinstance(value, exp.Distinct):
        array = _different(value, condition)
    else:
        array = _sorted(_filtered(_collected(value, order), condition), order)
    return _spark(
        "case when size(:known) > 0 then array_join(:known, :separator) end",
        known=_known(array),
        separator=separator,
    )


def _min(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """``min(x, n)``: the n smallest."""
    if node.args.get("count") is None:
        return _filtered(node, condition)
    smallest = _function("min_by", node.this, node.this.copy(), node.args["count"])
    return _filtered(smallest, condition)


def _unordered(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """Leave the order out: on Spark sums repeat to 1e-9, not to the last bit."""
    value, order = _ordered(node)
    if order:
        node.set("this", value)
    return _filtered(node, condition)


def _avg(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """DuckDB's is a double, of decimals too."""
    return exp.Cast(this=_unordered(node.copy(), condition), to=exp.DataType.build("double"))


def _skewness(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """DuckDB's is of a sample, Spark's of a population."""
    value = node.this
    count = _filtered(exp.Count(this=value.copy()), condition)
    skewness = _filtered(_function("skewness", value), condition)
    return _spark(
        "case when :n > 2 then :skewness * sqrt(:n * (:n - 1D)) / (:n - 2) end",
        n=count,
        skewness=skewness,
    )


def _mode(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """Of those that are as frequent, the first in the order."""
    value, order = _ordered(node)
    return _filtered(_function("mode", value, *([exp.true()] if order else [])), condition)


def _quantile(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    value, at = node.this, node.expression
    return _filtered(_function("percentile", value, at), condition)


def _percentile_disc(node: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    value, at = node.this, node.expression
    ordered = exp.WithinGroup(
        this=_function("percentile_disc", at),
        expression=exp.Order(expressions=[exp.Ordered(this=value)]),
    )
    return _filtered(ordered, condition)


def _filtered(node: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    return exp.Filter(this=node, expression=condition.copy()) if condition else node


_AGGREGATES: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.ArrayAgg: _array_agg,
    exp.AnyValue: _any_value,
    exp.GroupConcat: _string_agg,
    exp.Min: _min,
    exp.Sum: _unordered,
    exp.Avg: _avg,
    exp.StddevSamp: _unordered,
    exp.Skewness: _skewness,
    exp.StddevPop: _unordered,
    exp.Mode: _mode,
    exp.PercentileCont: _quantile,
    exp.PercentileDisc: _percentile_disc,
}


def _filter(node: exp.Expr) -> exp.Expr:
    rule = _AGGREGATES.get(type(node.this))
    return rule(node.this, node.expression) if rule else node


# ---- The rest ----


def _select(select: exp.Select) -> exp.Expr:
    _zip_unnested(select)
    _collect_counted(select)
    return _qualify(select)


def _zip_unnested(select: exp.Expr) -> None:
    """``select unnest(a) as x, unnest(b) as y`` goes through both lists side by side."""
    unnested = [
        one
        for one in select.expressions
        if isinstance(one, exp.Alias) and isinstance(one.this, exp.Explode)
    ]
    if len(unnested) < 2:
        return
    lists = [one.this.this for one in unnested]
    names = [exp.to_identifier(one.alias) for one in unnested]
    zipped = exp.Aliases(
        this=_function("inline", _function("arrays_zip", *lists)), expressions=names
    )
    others = [one for one in select.expressions if one not in unnested]
    select.set("expressions", [*others, zipped])


def _collect_counted(select: exp.Select) -> None:
    """Several ``count(distinct …)``: Spark would read every row once for each of them, and sort."""
    counts = [
        one
        for one in itertools.chain(*(part.find_all(exp.Count) for part in select.expressions))
        if isinstance(one.this, exp.Distinct) and one.find_ancestor(exp.Select) is select
    ]
    if len(counts) < 2:
        return
    for count in counts:
        filtered = isinstance(count.parent, exp.Filter)
        condition = count.parent.expression if filtered else None
        array = _filtered(_function("collect_set", *count.this.expressions), condition)
        size = exp.Cast(this=_function("size", array), to=exp.DataType.build("bigint"))
        (count.parent if filtered else count).replace(size)


def _qualify(select: exp.Select) -> exp.Expr:
    """``select … qualify condition``: sqlglot's own way loses track of ``*``."""
    qualify = select.args.get("qualify")
    if qualify is None:
        return select
    select.set("qualify", None)
    named = {one.alias: one.this for one in select.expressions if isinstance(one, exp.Alias)}
    for column in list(qualify.find_all(exp.Column)):
        if not column.table and column.name in named:
            column.replace(exp.paren(named[column.name].copy()))
    select.append("expressions", exp.alias_(exp.paren(qualify.this), "is_qualified"))
    star = exp.Star(except_=[exp.to_identifier("is_qualified")])
    outer = exp.select(star).where(exp.column("is_qualified"))
    with_ = select.args.get("with_")
    select.set("with_", None)
    outer = outer.from_(select.copy().subquery("qualified"))
    outer.set("with_", with_)
    return outer


def _window(node: exp.Expr) -> exp.Expr:
    """Row numbers and ranks are 64 bits wide in DuckDB."""
    if isinstance(node.this, exp.RowNumber | exp.Rank | exp.DenseRank):
        return exp.Cast(this=node.copy(), to=exp.DataType.build("bigint"))
    return node


def _ignore_nulls(node: exp.Expr) -> exp.Expr:
    """Keep it at any_value alone, where no rule has written another function."""
    return node if isinstance(node.this, exp.AnyValue) else node.this


def _cte(node: exp.Expr) -> exp.Expr:
    node.set("materialized", None)
    return node


def _table(node: exp.Expr) -> exp.Expr:
    node.set("catalog", None)
    return node


def _number(node: exp.Expr) -> exp.Expr:
    """Make a number with a point a double: quotients of decimals are such in DuckDB alone."""
    if node.is_string or node.name.isdigit():
        return node
    return exp.Cast(this=exp.Literal.string(node.name), to=exp.DataType.build("double"))


def _bracket(node: exp.Expr) -> exp.Expr:
    """``list[n]`` counts from 1 and gives null beyond the end; ``map[key]`` null without key."""
    (key,) = node.expressions
    if isinstance(key, exp.Slice):
        begin = key.this or exp.Literal.number(1)
        end = key.expression or _function("size", node.this)
        count = _spark("greatest(:end - :begin + 1, 0)", begin=begin, end=end)
        return _function("slice", node.this, begin.copy(), count)
    if isinstance(key, exp.Literal) and key.is_string:
        return node
    if isinstance(key, exp.Literal | exp.Neg):  # sqlglot counts from 0
        key = exp.Literal.number(int(key.sql()) + 1)
    return _function("try_element_at", node.this, key)


def _to_map(node: exp.Expr) -> exp.Expr:
    """``map {…}``; ``map {…}[key]`` is read by sqlglot as ``map ({…}[key])``."""
    entries = node.this
    if isinstance(entries, exp.Bracket):
        entries = entries.this
    pairs = [side for entry in entries.expressions for side in (_key(entry), entry.expression)]
    written = _function("map", *pairs)
    if isinstance(node.this, exp.Bracket):
        return _function("try_element_at", written, *node.this.expressions)
    return written


def _key(entry: exp.Expr) -> exp.Expr:
    is_name = isinstance(entry.this, exp.Identifier)
    return exp.Literal.string(entry.name) if is_name else entry.this


def _named(node: exp.Expr) -> exp.Expr:
    rule: Any = _NAMES.get(node.name.lower())
    if rule is None:
        return node
    return rule(*node.expressions) if callable(rule) else _function(rule, *node.expressions)


def _list_position(array: exp.Expr, value: exp.Expr) -> exp.Expr:
    return _function("nullif", _function("array_position", array, value), 0)


def _dot_product(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return _spark(
        "aggregate(zip_with(:left, :right, (x, y) -> x * y), 0D, (total, x) -> total + x)",
        left=left,
        right=right,
    )


_PRINTF = re.compile(r"%(?:%|(?P<zeros>0\d+)?(?:\.(?P<places>\d))?(?P<kind>[dfsx]))")
_FORMAT = re.compile(r"{:,(?:\.(?P<places>\d)f)?}")


def _printf(pattern: exp.Expr, *values: exp.Expr) -> exp.Expr:
    """printf('… %.1f%% …', x): Java's own rounds halves up, format_number to even, as C does."""
    return _written(_constant(pattern), _PRINTF, "0", values)


def _constant(text: exp.Expr) -> str:
    """Read a text that may be written in several parts."""
    if isinstance(text, exp.DPipe):
        return _constant(text.this) + _constant(text.expression)
    if not text.is_string:
        raise UnsupportedError(f"A format wants a text for its pattern: {text.sql()}")
    return text.name


def _format(node: exp.Expr) -> exp.Expr:
    """format('{:,.2f}', x), or a template in a column: '… {0} … {1} …'."""
    if not node.this.is_string:
        template = _function("replace", node.this, "%", "%%")
        for place in range(len(node.expressions)):
            template = _function("replace", template, f"{{{place}}}", f"%{place + 1}$s")
        return _function("format_string", template, *node.expressions)
    return _written(node.this.name, _FORMAT, "#,##0", node.expressions)


def _written(
    pattern: str, places_of: re.Pattern[str], whole: str, values: Sequence[exp.Expr]
) -> exp.Expr:
    parts: list[exp.Expr] = []
    left, begin = iter(values), 0
    for found in places_of.finditer(pattern):
        parts.append(exp.Literal.string(pattern[begin : found.start()]))
        begin = found.end()
        if found[0] == "%%":
            parts.append(exp.Literal.string("%"))
            continue
        named = found.groupdict()
        places, value = int(named["places"] or 0), next(left)
        kind, zeros = named.get("kind", "f"), int(named.get("zeros") or 0)
        if kind == "s":
            text: exp.Expr = exp.Cast(this=value, to=exp.DataType.build("text"))
        elif kind == "x":
            text = _function("lower", _function("hex", value))
        else:
            text = _function("format_number", value, whole + ("." + "0" * places if places else ""))
        parts.append(_function("lpad", text, zeros, "0") if zeros else text)
    parts.append(exp.Literal.string(pattern[begin:]))
    return _function("concat", *(part for part in parts if part.name or not part.is_string))


def _try_strptime(text: exp.Expr, formats: exp.Expr) -> exp.Expr:
    found = []
    for one in formats.expressions:
        pattern = one.name
        # Without anything between them Java wants to know how many digits there are.
        is_joined = pattern == "%Y%m%d"
        java = {"%Y": "yyyy", "%m": "MM" if is_joined else "M", "%d": "dd" if is_joined else "d"}
        for of_c, of_java in java.items():
            pattern = pattern.replace(of_c, of_java)
        found.append(_function("try_to_timestamp", text.copy(), pattern))
    return exp.Coalesce(this=found[0], expressions=found[1:])


def _to_json(value: exp.Expr) -> exp.Expr:
    """``to_json(relation)`` writes its row."""
    if _is_row(value):
        value = _spark(f"struct({value.name}.*)")
    return _spark("to_json(:value, map('ignoreNullFields', 'false'))", value=value)


def _is_row(value: exp.Expr) -> bool:
    select = value.find_ancestor(exp.Select)
    if not isinstance(value, exp.Column) or value.table or select is None:
        return False
    relations = [select.args["from_"], *select.args.get("joins", ())]
    return value.name in [one.this.alias_or_name for one in relations]


def _regexp_replace(node: exp.Expr) -> exp.Expr:
    """Spark replaces all that is found, DuckDB the first, and the group of a replacement is $1."""
    modifiers = node.args.get("modifiers")
    pattern, replacement = node.expression, node.args["replacement"]
    everything = modifiers is not None and "g" in modifiers.name
    if not everything and not (pattern.name.startswith("^") or pattern.name.endswith("$")):
        raise UnsupportedError(f"regexp_replace without 'g' wants an anchor: {node.sql()}")
    if isinstance(replacement, exp.Literal):
        text = re.sub(r"\\(\d)", r"$\1", replacement.name.replace("$", "\\$"))
        replacement = exp.Literal.string(text)
    else:
        for found, written in (("$", "\\$"), *((f"\\{n}", f"${n}") for n in range(1, 3))):
            replacement = _function("replace", replacement, found, written)
    return _function("regexp_replace", node.this, pattern, replacement)


def _regexp_full_match(node: exp.Expr) -> exp.Expr:
    options = node.args.get("options")
    ignoring_case = "(?i)" if options is not None and "i" in options.name else ""
    pattern = exp.Literal.string(f"{ignoring_case}\\A(?:{node.expression.name})\\z")
    return exp.RegexpLike(this=node.this, expression=pattern)


def _cast(node: exp.Cast | exp.TryCast) -> exp.Expr:
    """``cast('0x' || digits as bigint)`` reads a hexadecimal number; a row may be cast to text."""
    text = node.this
    if isinstance(text, exp.DPipe) and text.this.name == "0x" and text.this.is_string:
        node.set("this", _function("conv", text.expression, 16, 10))
    if node.to.is_type("text") and _is_row(text):
        return _to_json(text)
    if isinstance(node, exp.TryCast) and node.to.is_type("date"):
        # To Spark a year alone is a date too, and so are 'now' and 'epoch'.
        return _spark(
            r"case when :value rlike '^\\s*[0-9]+-[0-9]+-[0-9]+' then :read end",
            value=text.copy(),
            read=node.copy(),
        )
    if isinstance(node, exp.TryCast) and node.to.is_type("bigint"):
        # To Spark the double 2^63 is its largest whole number, which is one less.
        return _spark(
            "case when :value < 9223372036854775807D then :read end",
            value=text.copy(),
            read=node.copy(),
        )
    return node


def _chr(node: exp.Chr) -> exp.Expr:
    """Spark knows 256 characters by their number."""
    (number,) = node.expressions
    return exp.Literal.string(chr(int(number.name))) if number.is_int else node


_NAMES: dict[str, Any] = {
    "strlen": "octet_length",
    "suffix": "endswith",
    "list_slice": "slice",
    "list_intersect": "array_intersect",
    "list_position": _list_position,
    "list_dot_product": _dot_product,
    "printf": _printf,
    "try_strptime": _try_strptime,
    "to_json": _to_json,
}

_RULES: dict[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    **_AGGREGATES,
    exp.Filter: _filter,
    exp.CTE: _cte,
    exp.IgnoreNulls: _ignore_nulls,
    exp.Window: _window,
    exp.Select: _select,
    exp.Table: _table,
    exp.Literal: _number,
    exp.Bracket: _bracket,
    exp.Chr: _chr,
    exp.Anonymous: _named,
    exp.Format: _format,
    exp.ToMap: _to_map,
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpFullMatch: _regexp_full_match,
    exp.Cast: _cast,
    exp.TryCast: _cast,
}

_WITH_PARENT: dict[type[exp.Expr], type[exp.Expr]] = {
    **dict.fromkeys(_AGGREGATES, exp.Filter),
    exp.Bracket: exp.ToMap,
}
"""What the rule of the node above takes in hand."""
