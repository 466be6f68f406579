using Mesh.Api;
using Mesh.Contracts;

namespace Mesh.Gateway.Rest;

/// <summary>The limits of the REST API. Each has a name here, a line in <c>/v1/limits</c>, and an answer that says so.</summary>
public sealed record RestLimits
{
    /// <summary>Bytes of a policy document, whether YAML or JSON.</summary>
    public int PolicyBytes { get; init; } = MeshLimits.PolicyCharacters;

    /// <summary>Bytes of an endpoint's registration.</summary>
    public int EndpointBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes of the bodies of heartbeat and eject.</summary>
    public int SmallBodyBytes { get; init; } = 4 * 1024;

    /// <summary>How deep objects and lists of a body may be nested.</summary>
    public int DocumentDepth { get; init; } = 32;

    /// <summary>Values in one body.</summary>
    public int DocumentValues { get; init; } = 20_000;

    /// <summary>Items on a page when nothing is asked for.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>Items on a page at most.</summary>
    public int MaxPageSize { get; init; } = 1000;

    /// <summary>Events kept for readers who come back; older ones are forgotten (overflow action: forget the oldest, tell its reader Reset).</summary>
    public int EventsKept { get; init; } = 8192;

    /// <summary>Readers of the event stream at once; one more is refused with 503.</summary>
    public int EventReaders { get; init; } = 256;

    /// <summary>How long the event stream may be silent before a comment is sent.</summary>
    public TimeSpan EventHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one write to a reader of the event stream may take (overflow action: drop the reader).</summary>
    public TimeSpan EventWriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How far back a replay may be asked for.</summary>
    public TimeSpan ReplaySince { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Replays at once; one more is refused with 503.</summary>
    public int Replays { get; init; } = 2;

    /// <summary>How long one replay may take (overflow action: it is given up, and says so).</summary>
    public TimeSpan ReplayTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Exports at once; one more is refused with 503.</summary>
    public int Exports { get; init; } = 2;

    /// <summary>Imports at once; one more is refused with 503.</summary>
    public int Imports { get; init; } = 1;

    /// <summary>Bytes of an import in all.</summary>
    public long ImportBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>Bytes of one line of an import.</summary>
    public int ImportLineBytes { get; init; } = ExportFormat.MostLineBytes;

    /// <summary>Characters of all documents of an import: they are held until all of them have compiled.</summary>
    public int ImportPolicyCharacters { get; init; } = 64 * 1024 * 1024;

    /// <summary>Lines that an import's answer shows; the rest is counted.</summary>
    public int ImportLinesShown { get; init; } = 1000;

    /// <summary>Bytes of all headers of a request.</summary>
    public int HeaderBytes { get; init; } = 16 * 1024;

    /// <summary>Connections at once, to both ports together.</summary>
    public int Connections { get; init; } = 20_000;

    /// <summary>
    /// Bytes of a body that are still read away after a refusal, so that its sender sees the answer instead of a broken connection.
    /// </summary>
    public int DrainedBodyBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>As the API shows them.</summary>
    public LimitsView View() => new(
        PolicyBytes, EndpointBytes, SmallBodyBytes, DocumentDepth, PageSize, MaxPageSize,
        MeshLimits.EndpointsPerService, EventsKept, EventReaders, HeaderBytes, Connections, Replays, (int)ReplaySince.TotalSeconds, (int)ReplayTime.TotalSeconds)
    {
        Exports = Exports,
        Imports = Imports,
        ImportBytes = ImportBytes,
        ImportLineBytes = ImportLineBytes,
        ImportPolicyCharacters = ImportPolicyCharacters,
    };
}
