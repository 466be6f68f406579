namespace Mesh.Core.Policies;

/// <summary>What a document means: whose traffic it governs, and how.</summary>
/// <param name="Kind">As in the document, such as <c>DestinationRule</c>.</param>
/// <param name="Namespace">A DNS label; <c>default</c> when the document names none.</param>
/// <param name="Name">A DNS subdomain.</param>
/// <param name="Host">The service that it binds to.</param>
/// <param name="Policy">What is to hold, without its <see cref="TrafficPolicy.Source"/>: the version is not in the document.</param>
public sealed record CompiledPolicy(string Kind, string Namespace, string Name, ServiceId Host, TrafficPolicy Policy)
{
    /// <summary>The policy as it is put in force: it says which version of which document it came from.</summary>
    public TrafficPolicy AtVersion(long version) => Policy with { Source = $"{Kind}/{Namespace}/{Name}@{version}" };
}
