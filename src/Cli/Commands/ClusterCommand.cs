using System.CommandLine;
using System.Globalization;
using Mesh.Cli.Output;
using Mesh.Schema;

namespace Mesh.Cli.Commands;

/// <summary>
/// <c>meshctl cluster</c>: the tables of the Cluster edition in PostgreSQL. The only command that speaks to something else than the control plane, which does not
/// start without them.
/// </summary>
internal static class ClusterCommand
{
    private const string Variable = "MESH_POSTGRES";

    public static Command Create(Globals globals) => new("cluster", "The tables of the Cluster edition in PostgreSQL") { Init(globals), Check(globals) };

    private static Command Init(Globals globals)
    {
        var postgres = Postgres();
        var dry = new Option<bool>("--dry-run") { Description = "Print the SQL instead of applying it; without --postgres, all of it" };
        var grant = new Option<string[]>("--grant") { Description = "A role of PostgreSQL that gets what a silo needs, and no more; may be repeated", HelpName = "role" };
        var command = new Command("init", "Make the tables that the silos need, or bring them up to date; repeating it changes nothing") { postgres, dry, grant };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var roles = parsed.GetValue(grant) ?? [];
            foreach (var role in roles)
            {
                CheckRole(role);
            }

            if (parsed.GetValue(dry) && Text(session, parsed.GetValue(postgres)) is null)
            {
                await session.Terminal.Out.WriteAsync(ClusterSchema.Script(from: 0, roles));
                return ExitCodes.Ok;
            }

            var database = Database(session, parsed.GetValue(postgres));
            if (parsed.GetValue(dry))
            {
                var found = await Ask(() => database.Read(cancel));
                Refuse(found, unless: found.Version <= ClusterSchema.Version && !found.IsForeign);
                await session.Terminal.Out.WriteAsync(
                    found.Version == ClusterSchema.Version && roles.Length == 0
                        ? $"-- Nothing to do: version {found.Version} is there.\n"
                        : ClusterSchema.Script(found.Version, roles));
                return ExitCodes.Ok;
            }

            var before = await Ask(() => database.Apply(roles, cancel));
            session.Say(before.Version == ClusterSchema.Version
                ? $"The tables were there already, version {before.Version} ({database.Where})."
                : $"Made version {ClusterSchema.Version} of the tables{(before.Version == 0 ? "" : $", from version {before.Version}")} ({database.Where}).");
            if (roles.Length > 0)
            {
                session.Say($"Gave {string.Join(", ", roles)} what a silo needs.");
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command Check(Globals globals)
    {
        var postgres = Postgres();
        var command = new Command("check", "Say which version of the tables the database has; exit code 5 when silos of this version would not start") { postgres };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var database = Database(session, parsed.GetValue(postgres));
            var found = await Ask(() => database.Read(cancel));
            Refuse(found, unless: found.Trouble is null);
            session.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"Version {found.Version}, as it should be; applied by {found.AppliedBy} at {found.AppliedAt?.UtcDateTime:u} ({database.Where})."));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Option<string?> Postgres() => new("--postgres")
    {
        Description = $"How to reach the database: Host=…;Database=…;Username=…;Password=… [env: {Variable}]",
        HelpName = "text",
    };

    private static string? Text(Session session, string? option) => option ?? (session.Terminal.Environment(Variable) is { Length: > 0 } variable ? variable : null);

    private static SchemaDatabase Database(Session session, string? option)
    {
        var text = Text(session, option) ?? throw Failure.Usage("which database?", $"Name it: --postgres TEXT, or {Variable}.");
        try
        {
            return new SchemaDatabase(text, "meshctl");
        }
        catch (FormatException wrong)
        {
            throw Failure.Usage($"{(option is null ? Variable : "--postgres")}: {wrong.Message}");
        }
    }

    private static void CheckRole(string role)
    {
        try
        {
            _ = ClusterSchema.Grants(role);
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            throw Failure.Usage($"--grant '{role}': {(wrong is FormatException ? wrong.Message : "This names no role.")}", "Name a role of PostgreSQL, such as --grant mesh.");
        }
    }

    private static void Refuse(SchemaState found, bool unless)
    {
        if (!unless && found.Trouble is var (what, remedy))
        {
            throw new Failure(ExitCodes.Amiss, what, remedy);
        }
    }

    private static async Task<T> Ask<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (SchemaException failed)
        {
            throw new Failure(failed.IsAway ? ExitCodes.Unreachable : ExitCodes.Refused, failed.Message, failed.Remedy);
        }
    }
}
