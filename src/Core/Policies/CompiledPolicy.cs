using Mesh.Core.Routing;

namespace Mesh.Core.Policies;

/// <summary>What a document means: whose traffic it governs, and how.</summary>
/// <param name="Kind">As in the document, such as <c>DestinationRule</c>.</param>
/// <param name="Namespace">A DNS label; <c>default</c> when the document names none.</param>
/// <param name="Name">A DNS subdomain.</param>
/// <param name="Host">The service that it binds to.</param>
/// <param name="Part">What is to hold there, without its source: the version is not in the document.</param>
public sealed record CompiledPolicy(string Kind, string Namespace, string Name, ServiceId Host, PolicyPart Part)
{
    /// <summary>The part as it is put in force: it says which version of which document it came from.</summary>
    public PolicyPart AtVersion(long version)
    {
        var source = $"{Kind}/{Namespace}/{Name}@{version}";
        return new(
            Part.Traffic is { } traffic ? traffic with { Source = source } : null,
            Part.Routing is { } routing ? routing with { Source = source } : null);
    }
}

/// <summary>
/// What a document contributes to its service: one of the two, by its kind. A service takes one document of each kind, and the two
/// do not touch each other.
/// </summary>
/// <param name="Traffic">How the service's endpoints are treated.</param>
/// <param name="Routing">Where requests for its host names go.</param>
public sealed record PolicyPart(TrafficPolicy? Traffic = null, ServiceRouting? Routing = null);
