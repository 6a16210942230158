"""What others have put on the marts in PostgreSQL and what outlives them: owners, grants, views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import adbc_driver_manager.dbapi as adbc

from segmentation.errors import InputError
from segmentation.postgres import identifier, literal, run
from segmentation.publish.tables import Table, qualified

_TABLES = """
select
    relations.oid::bigint, relations.relname::text, pg_get_userbyid(relations.relowner)::text,
    pg_get_userbyid(relations.relowner) = current_user,
    array_to_string(relations.reloptions, ', '),
    array_to_string(array[
        case
            when relations.relrowsecurity
                or exists (select 1 from pg_policy where polrelid = relations.oid)
                then 'row-level security'
        end,
        case
            when exists (
                select 1 from pg_trigger where tgrelid = relations.oid and not tgisinternal
            )
                then 'a trigger'
        end,
        case
            when exists (select 1 from pg_rewrite where ev_class = relations.oid) then 'a rule'
        end,
        case
            when exists (
                select 1
                from pg_constraint
                where conrelid = relations.oid and contype in ('c', 'f', 'p', 'u', 'x')
                    and conname !~ ('^' || relations.relname || '_(pkey|f?key[0-9]+)$')
            )
                then 'a constraint'
        end
    ], ' and ')
from pg_class as relations
inner join pg_namespace as schemas on relations.relnamespace = schemas.oid
where schemas.nspname = {schema} and relations.relname in ({names})
order by relations.relname
"""

_ADDED = """
select indexes.indrelid::bigint, pg_get_indexdef(indexes.indexrelid)
from pg_index as indexes
inner join pg_class as tables on indexes.indrelid = tables.oid
inner join pg_class as relations on indexes.indexrelid = relations.oid
where
    indexes.indrelid in ({tables})
    and relations.relname !~ ('^' || tables.relname || '_idx[0-9]+$')
    and not exists (select 1 from pg_constraint where conindid = indexes.indexrelid)

union all

select stxrelid::bigint, pg_get_statisticsobjdef(oid)
from pg_statistic_ext
where stxrelid in ({tables})
"""
"""Indexes and extended statistics that others have made; ours are `<mart>_idx1` and so on."""

_FORMER = """
select tables.relname::text, links.conname::text
from pg_constraint as links
inner join pg_class as tables on links.conrelid = tables.oid
inner join pg_namespace as schemas on tables.relnamespace = schemas.oid
where
    links.contype = 'f' and links.confrelid in ({tables}) and links.conrelid not in ({tables})
    and schemas.nspname = {schema} and links.conname ~ ('^' || tables.relname || '_fkey[0-9]+$')
order by tables.relname, links.conname
"""
"""Foreign keys, by the names that we give them, of tables that are not published any more."""

_DEFAULT_GRANTEES = """
select distinct coalesce(quote_ident(roles.rolname), 'public')
from pg_default_acl as defaults
cross join lateral aclexplode(defaults.defaclacl) as grants
left join pg_roles as roles on grants.grantee = roles.oid
where
    defaults.defaclrole = current_user::regrole
    and defaults.defaclobjtype = 'r'
    and grants.grantee != defaults.defaclrole
order by 1
"""

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
    pg_has_role(relations.relowner, 'member'),
    (
        has_schema_privilege(schemas.oid, 'usage')
        and has_schema_privilege(schemas.oid, 'create')
        and has_schema_privilege(relations.relowner, schemas.oid, 'create')
    )
    or (select rolsuper from pg_roles where rolname = current_user),
    current_user::text,
    array_to_string(relations.reloptions, ', '), obj_description(relations.oid, 'pg_class')
from readers
inner join pg_class as relations on readers.view = relations.oid
inner join pg_namespace as schemas on relations.relnamespace = schemas.oid
group by relations.oid, schemas.oid
order by max(readers.depth), relations.oid
"""

_COLUMN_COMMENTS = """
select columns.attrelid::bigint, columns.attname::text, comments.description
from pg_attribute as columns
inner join pg_description as comments
    on
        comments.classoid = 'pg_class'::regclass
        and columns.attrelid = comments.objoid
        and columns.attnum = comments.objsubid
where columns.attnum > 0 and columns.attrelid in ({relations})
order by columns.attrelid, columns.attnum
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
    locked : tuple of str
        Names for SQL of the old tables, and of those whose foreign keys to them go.
    views : tuple of str
        Statements that drop the views that read them, in the order in which a query locks them.
    before : tuple of str
        Statements that drop the old tables.
    after : tuple of str
        Statements that give the new tables what the old ones had.
    """

    locked: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def find_kept(connection: adbc.Connection, tables: Sequence[Table]) -> Kept:
    """Find the old tables and what others have put on them.

    Owners and grants, those of columns too, go over to the new tables in place of what the schema's
    default privileges gave them, and so do storage parameters, indexes and extended statistics.
    Views that read the marts, in whatever schema, are made anew. A mart that is not published any
    more keeps its rows and loses its foreign keys to those that are.

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
        There is something that cannot be kept: row-level security, a trigger, a rule or a
        constraint, a materialized view, a view that the publisher has not the rights to make.
    """
    by_name = {table.mart.name: table for table in tables}
    schema = literal(tables[0].schema)
    names, after = {}, []
    for oid, name, owner, is_own, options, guards in run(
        connection, _TABLES.format(schema=schema, names=", ".join(map(literal, by_name)))
    ):
        names[oid] = by_name[name].name
        if guards:
            raise InputError(
                f"{names[oid]} has {guards}, which the new table would lose. Drop it, or put it on "
                "a view over the mart instead: views are kept."
            )
        if options:
            after.append(f"alter table {names[oid]} set ({options})")
        if not is_own:
            after.append(f"alter table {names[oid]} owner to {identifier(owner)}")
    if not names:
        return Kept()
    by_default = [role for (role,) in run(connection, _DEFAULT_GRANTEES)]
    views, made_anew = _views(connection, names, by_default)
    relations = names | views
    granted = [
        f"grant {privilege}{f' ({identifier(column)})' if column else ''} "
        f"on {relations[oid]} to {grantee}{' with grant option' if is_grantable else ''}"
        for oid, privilege, is_grantable, column, grantee in run(
            connection, _GRANTS.format(relations=_listed(relations))
        )
    ]
    former = [
        (qualified(tables[0].schema, name), constraint)
        for name, constraint in run(
            connection, _FORMER.format(schema=schema, tables=_listed(names))
        )
    ]
    new_names = [table.new_name for table in tables if table.name in names.values()]
    before = [
        *(f"alter table {name} drop constraint {identifier(key)}" for name, key in former),
        f"drop table {', '.join(names.values())}",
        *(f"revoke all on {name} from {role}" for name in new_names for role in by_default),
    ]
    return Kept(
        locked=(*names.values(), *sorted({name for name, _ in former})),
        views=tuple(f"drop view {view}" for view in reversed(views.values())),
        before=tuple(before),
        after=(*_added(connection, names), *after, *made_anew, *granted),
    )


def _added(connection: adbc.Connection, tables: dict[int, str]) -> list[str]:
    """Make anew the indexes and extended statistics that others have put on tables."""
    found = run(connection, _ADDED.format(tables=_listed(tables)))
    return [
        *(definition for _, definition in found),
        *(f"analyze {tables[oid]}" for oid in sorted({oid for oid, _ in found})),
    ]


def _views(
    connection: adbc.Connection, tables: Iterable[int], by_default: Sequence[str]
) -> tuple[dict[int, str], list[str]]:
    """Name the views that read tables, each after those it reads, and say how to make them anew."""
    views, statements = {}, []
    for oid, schema, name, kind, definition, owner, is_own, may_be, may_make, user, *words in run(
        connection, _VIEWS.format(tables=_listed(tables))
    ):
        view = views[oid] = qualified(schema, name)
        options, comment = words
        if kind != "v":
            raise InputError(
                f"{view} reads the marts and would be lost with them. Drop it and make it again "
                "after each publication, or make it a plain view: those are kept."
            )
        publisher, maker = identifier(user), identifier(owner)
        if not (may_be and may_make):
            raise InputError(
                f"the view {view} of {maker} reads the marts and has to be made anew with them, "
                f"which {publisher} may not do. Let a superuser say: "
                + (f"grant {maker} to {publisher}; " if not may_be else "")
                + f"grant usage, create on schema {identifier(schema)} to {publisher}, {maker}."
            )
        settings = f" with ({options})" if options else ""
        statements.append(f"create view {view}{settings} as {definition.rstrip(';')}")
        statements += [f"revoke all on {view} from {role}" for role in by_default]
        if not is_own:
            statements.append(f"alter view {view} owner to {maker}")
        if comment is not None:
            statements.append(f"comment on view {view} is {literal(comment)}")
    if views:
        for oid, column, comment in run(
            connection, _COLUMN_COMMENTS.format(relations=_listed(views))
        ):
            statements.append(
                f"comment on column {views[oid]}.{identifier(column)} is {literal(comment)}"
            )
    return views, statements


def _listed(oids: Iterable[int]) -> str:
    """Write object ids with commas."""
    return ", ".join(map(str, oids))
