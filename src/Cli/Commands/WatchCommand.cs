using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl watch</c>: what happens, as it happens. It outlives the control plane: it reconnects and resumes.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    public static Command Create(Globals globals)
    {
        var service = new Argument<string?>("service") { Description = "Only this one; without it, everything", Arity = ArgumentArity.ZeroOrOne };
        var count = new Option<int?>("--count", "-c") { Description = "Stop after so many events", HelpName = "n" };
        var ledger = new Option<bool>("--ledger") { Description = "Also show each entry of the ledgers, with its evidence" };
        var command = new Command("watch", "Follow what happens in the mesh, live (-o json: one object per line)") { service, count, ledger };
        globals.Run(command, async (session, parsed, cancel) =>
        {
            var only = parsed.GetValue(service) is { } text ? session.Service(text).ToString() : null;
            var path = only is null ? "v1/events" : $"v1/events?service={Uri.EscapeDataString(only)}";
            await Follow(session, path, parsed.GetValue(count) ?? int.MaxValue, parsed.GetValue(ledger), cancel);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task Follow(Session session, string path, int count, bool ledger, CancellationToken cancel)
    {
        string? last = null;
        var connected = false;
        var away = false;
        while (count > 0)
        {
            try
            {
                using var response = await session.Client.OpenEventsAsync(path, last, cancel);
                if (away)
                {
                    session.Notice("the control plane is back.");
                }

                (connected, away) = (true, false);
                await using var stream = await response.Content.ReadAsStreamAsync(cancel);
                await foreach (var item in ServerSentEvents.ReadAsync(stream, cancel))
                {
                    last = item.Id ?? last;
                    if (Show(session, item, ledger) && --count == 0)
                    {
                        return;
                    }
                }
            }
            catch (Failure failure) when (connected && failure.ExitCode == ExitCodes.Unreachable)
            {
                // The first connection must work; later ones are waited for.
            }
            catch (Exception broken) when (broken is HttpRequestException or HttpIOException && connected)
            {
            }

            if (!away)
            {
                session.Notice("the event stream ended; trying to resume.");
                away = true;
            }

            await Task.Delay(Between, session.Time, cancel);
        }
    }

    private static bool Show(Session session, ServerSentEvent item, bool ledger)
    {
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(item.Data);
        }
        catch (JsonException)
        {
            return false;
        }

        // What an entry of the ledger is about is told by a change of the endpoint too; who wants the evidence asks for it.
        if (node is not JsonObject || (!ledger && item.Kind == "Ledger"))
        {
            return false;
        }

        if (session.Format == OutputFormat.Json)
        {
            session.Terminal.Out.WriteLine(Render.Line(node));
        }
        else if (session.Format == OutputFormat.Yaml)
        {
            session.Terminal.Out.Write("---\n" + Yaml.Of(node));
        }
        else
        {
            WriteLine(session.Terminal, Rows.As(node, MeshJson.Default.MeshEvent), session.Time);
        }

        session.Terminal.Out.Flush();
        return true;
    }

    private static void WriteLine(Terminal terminal, MeshEvent happened, TimeProvider time)
    {
        var at = TimeZoneInfo.ConvertTime(happened.At, time.LocalTimeZone).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var what = Plain.Text(string.Join(' ', new[] { happened.Service, happened.Endpoint }.Where(part => !string.IsNullOrEmpty(part))));
        var tone = happened.Kind == "ProxyRejected" ? Tone.Bad : Ansi.OfStatus(happened.Status);
        var status = string.IsNullOrEmpty(happened.Status) ? "" : $"{Ansi.Paint(Plain.Text(happened.Status).PadRight(8), tone, terminal.Colour)}  ";
        terminal.Out.WriteLine(
            $"{Ansi.Paint(at, Tone.Faint, terminal.Colour)}  {Plain.Text(happened.Kind),-17}  {what}  {status}{Plain.Text(happened.Detail)}".TrimEnd());
    }
}
