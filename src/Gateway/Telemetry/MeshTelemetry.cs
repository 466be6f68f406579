using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Mesh.Gateway.Telemetry;

/// <summary>
/// The one activity source and the one meter of the control plane. They are the runtime's own types, so that code which measures
/// knows of no exporter: OTLP and <c>/metrics</c> both listen to these names.
/// </summary>
public static class MeshTelemetry
{
    /// <summary>The name of both.</summary>
    public const string Name = "Mesh.Orleans";

    /// <summary>The meters that exporters listen to: ours, and those of the runtime beneath.</summary>
    internal static IReadOnlyList<string> Meters { get; } =
    [
        Name, "Mesh.Storage", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Microsoft.Orleans",
    ];

    /// <summary>Spans.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>
    /// Counters and histograms. A gauge that looks at an object belongs on a meter of the same name that the object owns and disposes,
    /// or it would keep the object alive.
    /// </summary>
    public static Meter Meter { get; } = new(Name);
}
