using Mesh.Contracts;
using Mesh.Core.Operations;

namespace Mesh.Grains.Services;

/// <summary>The prints of commands that say much.</summary>
internal static class CommandPrints
{
    public static Command? Register(string? operation, EndpointRegistration said) => operation is null ? null : Command.Of(
        operation, "register",
        [
            said.Address, said.Port, said.InstanceId, said.Lease?.Ticks, said.Weight, said.Locality.Region, said.Locality.Zone, said.Locality.SubZone,
            .. said.Labels.SelectMany(static label => new[] { label.Key, label.Value }),
        ]);
}
