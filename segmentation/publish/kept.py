"""What others have put on the marts in PostgreSQL and what outlives them: owners, grants, views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import adbc_driver_manager.dbapi as adbc

from segmentation.errors import InputError
from segmentation.postgres import identifier, literal, run
from segmentation.publish.tables import Table, qualified

_VIEWS = """
with recursive readers as (

    select reader.ev_class as view, 1 as depth
    from pg_depend as link
    inner join pg_rewrite as reader on link.objid = reader.oid
    where
        link.classid = 'pg_rewrite'::regclass
        and link.refclassid = 'pg_class'::regclass
        and link.refobjid in ({tables})
        and reader.ev_class != link.refobjid

    union

    select reader.ev_class, readers.depth + 1
    from readers
    inner join pg_depend as link on readers.view = link.refobjid
    inner join pg_rewrite as reader on link.objid = reader.oid
    where
        link.classid = 'pg_rewrite'::regclass
        and link.refclassid = 'pg_class'::regclass
        and reader.ev_class != readers.view

)

select
    relations.oid::bigint, schemas.nspname::text, relations.relname::text, relations.relkind::text,
    pg_get_viewdef(relations.oid), pg_get_userbyid(relations.relowner)::text,
    pg_get_userbyid(relations.relowner) = current_user,
    array_to_string(relations.reloptions, ', '), obj_description(relations.oid, 'pg_class')
from readers
inner join pg_class as relations on readers.view = relations.oid
inner join pg_namespace as schemas on relations.relnamespace = schemas.oid
group by relations.oid, schemas.nspname
order by max(readers.depth), relations.oid
"""

_GRANTS = """
select
    relations.oid::bigint, grants.privilege_type, grants.is_grantable, grants.column_name,
    coalesce(quote_ident(roles.rolname), 'public')
from pg_class as relations
cross join lateral (

    select (aclexplode(relations.relacl)).*, null as column_name

    union all

    select (aclexplode(columns.attacl)).*, columns.attname::text
    from pg_attribute as columns
    where columns.attrelid = relations.oid

) as grants
left join pg_roles as roles on grants.grantee = roles.oid
where relations.oid in ({relations}) and grants.grantee != relations.relowner
"""


@dataclass(frozen=True)
class Kept:
    """How the old tables go without loss.

    Attributes
    ----------
    old : tuple of str
        Names for SQL of the old tables and of the views that read them.
    before : tuple of str
        Statements that drop them.
    after : tuple of str
        Statements that give the new tables what the old ones had.
    """

    old: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


def find_kept(connection: adbc.Connection, tables: Sequence[Table]) -> Kept:
    """Find the old tables and what others have put on them.

    Owners and grants, those of columns too, go over to the new tables in place of what the schema's
    default privileges gave them. Views that read the marts, in whatever schema, are made anew.

    Parameters
    ----------
    connection : Connection
    tables : sequence of Table
        Their new tables are there.

    Returns
    -------
    Kept

    Raises
    ------
    InputError
        There is something that cannot be kept: row-level security, a trigger, a materialized view.
    """
    by_name = {table.mart.name: table for table in tables}
    found = run(
        connection,
        "select relations.oid::bigint, relname::text, pg_get_userbyid(relowner)::text, "
        "pg_get_userbyid(relowner) = current_user, relrowsecurity or exists "
        "(select 1 from pg_trigger where tgrelid = relations.oid and not tgisinternal) "
        "from pg_class as relations inner join pg_namespace on relnamespace = pg_namespace.oid "
        f"where nspname = {literal(tables[0].schema)} "
        f"and relname in ({', '.join(map(literal, by_name))}) order by relname",
    )
    if not found:
        return Kept((), (), ())
    for _, name, _, _, is_guarded in found:
        if is_guarded:
            raise InputError(
                f"{by_name[name].name} has row-level security or a trigger, which the new table "
                "would lose. Put it on a view over the mart instead: views are kept."
            )
    names = {oid: by_name[name].name for oid, name, *_ in found}
    after = [
        f"alter table {by_name[name].name} owner to {identifier(owner)}"
        for _, name, owner, is_own, _ in found
        if not is_own
    ]
    views = {}
    for oid, schema, name, kind, definition, owner, is_own, options, comment in run(
        connection, _VIEWS.format(tables=_listed(names))
    ):
        view = qualified(schema, name)
        if kind != "v":
            raise InputError(
                f"{view} reads the marts and would be lost with them. Drop it and make it again "
                "after each publication, or make it a plain view: those are kept."
            )
        views[oid] = view
        after.append(
            f"create view {view}{f' with ({options})' if options else ''} as {definition[:-1]}"
        )
        if not is_own:
            after.append(f"alter view {view} owner to {identifier(owner)}")
        if comment is not None:
            after.append(f"comment on view {view} is {literal(comment)}")
    after += [
        f"grant {privilege}{f' ({identifier(column)})' if column else ''} "
        f"on {(names | views)[oid]} to {grantee}{' with grant option' if is_grantable else ''}"
        for oid, privilege, is_grantable, column, grantee in _grants(connection, [*names, *views])
    ]
    new_names = {
        oid: qualified(schema, name)
        for oid, schema, name in run(
            connection,
            "select relations.oid::bigint, nspname::text, relname::text from pg_class as relations "
            "inner join pg_namespace on relnamespace = pg_namespace.oid where relations.oid in ("
            + ", ".join(f"{literal(by_name[name].new_name)}::regclass" for _, name, *_ in found)
            + ")",
        )
    }
    before = [
        *(f"drop view {view}" for view in reversed(views.values())),
        f"drop table {', '.join(names.values())}",
        *(
            f"revoke all on {new_names[oid]} from {grantee}"
            for oid, *_, grantee in _grants(connection, new_names)
        ),
    ]
    return Kept((*names.values(), *views.values()), tuple(before), tuple(after))


def _grants(connection: adbc.Connection, relations: Iterable[int]) -> list[tuple[Any, ...]]:
    """Find who but the owner may do what with relations."""
    return run(connection, _GRANTS.format(relations=_listed(relations)))


def _listed(oids: Iterable[int]) -> str:
    """Write object ids with commas."""
    return ", ".join(map(str, oids))
