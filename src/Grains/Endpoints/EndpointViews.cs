using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Snapshots;

namespace Mesh.Grains.Endpoints;

/// <summary>Between what a caller says, what the machine knows and what an admin sees.</summary>
internal static class EndpointViews
{
    public static EndpointSpec SpecOf(EndpointRegistration registration) => new()
    {
        Id = registration.Id,
        Address = registration.Address,
        Port = registration.Port,
        Weight = registration.Weight,
        Locality = registration.Locality,
        Labels = registration.Labels,
        InstanceId = registration.InstanceId,
        Lease = registration.Lease,
    };

    public static EndpointRegistration RegistrationOf(EndpointSpec spec) => new()
    {
        Id = spec.Id,
        Address = spec.Address,
        Port = spec.Port,
        Weight = spec.Weight,
        Locality = spec.Locality,
        Labels = spec.Labels,
        InstanceId = spec.InstanceId,
        Lease = spec.Lease,
    };

    public static EndpointView Of(ServiceId service, EndpointState state) => new(
        service, state.ToSnapshot(), state.Spec.InstanceId, state.Spec.Lease, state.LeaseExpires, state.RegisteredAt, state.Runs.Longest())
    {
        Checks = state.Checks,
        Ejection = state.Ejection,
    };
}
