using System.CommandLine;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl status</c>: is the control plane well, and if not, what is wrong and what to do.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    public static Command Create(Globals globals)
    {
        var watch = new Option<bool>("--watch", "-w") { Description = "Show it again every two seconds, until Ctrl-C" };
        var command = new Command("status", "Silos, grains, gateways, streams and stores: exit code 0 when all is well, 1 when not") { watch };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            if (!parsed.GetValue(watch))
            {
                return await Show(session, cancel);
            }

            while (true)
            {
                await ShowAnyway(session, cancel);
                await Task.Delay(Between, session.Time, cancel);
            }
        });
        return command;
    }

    /// <summary>A control plane that is away is what one watches for.</summary>
    private static async Task ShowAnyway(Session session, CancellationToken cancel)
    {
        try
        {
            await Show(session, cancel, again: true);
        }
        catch (Failure failure) when (failure.ExitCode is ExitCodes.Unreachable or ExitCodes.Refused)
        {
            failure.WriteTo(session.Terminal.Error);
        }
    }

    private static async Task<int> Show(Session session, CancellationToken cancel, bool again = false)
    {
        var body = await session.Client.GetAsync("v1/status", cancel);
        var status = Rows.As(body!, MeshJson.Default.StatusView);
        if (session.Whole)
        {
            Render.Write(session.Terminal.Out, body, session.Format);
        }
        else
        {
            if (again && session.Terminal.Width is not null)
            {
                // Home, and everything below away: a terminal shows the newest alone, and a pipe all of them.
                session.Terminal.Out.Write("\e[H\e[J");
            }

            StatusText.Write(session, status);
            if (again && session.Terminal.Width is null)
            {
                session.Terminal.Out.WriteLine();
            }
        }

        session.Terminal.Out.Flush();
        return status.Well ? ExitCodes.Ok : ExitCodes.Refused;
    }
}
