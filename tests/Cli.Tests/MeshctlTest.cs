namespace Mesh.Cli.Tests;

/// <summary>Runs meshctl in this process, with what a pipe or a terminal would give it.</summary>
public abstract class MeshctlTest : IAsyncLifetime
{
    protected static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal FakeServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await FakeServer.Start();

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal Task<Ran> Run(params string[] args) => Run(new Setup(), args);

    internal async Task<Ran> Run(Setup setup, params string[] args)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        var terminal = new Terminal(
            output, error, new StringReader(setup.Input), setup.Colour, setup.Width,
            name => name == "MESH_SERVER" ? setup.Server ?? Server.Url : setup.Variables?.GetValueOrDefault(name));
        var exitCode = await Meshctl.RunAsync(args, terminal, new StillClock(), setup.Cancel);
        return new Ran(exitCode, output.ToString(), error.ToString());
    }

    internal sealed record Setup(string Input = "", bool Colour = false, int? Width = null, string? Server = null, CancellationToken Cancel = default)
    {
        public IReadOnlyDictionary<string, string>? Variables { get; init; }
    }

    internal sealed record Ran(int ExitCode, string Out, string Error)
    {
        /// <summary>The output without the line feed after the raw string's last line.</summary>
        public string Text => Out.TrimEnd('\n');
    }

    private sealed class StillClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
