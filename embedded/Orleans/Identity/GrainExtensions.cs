using Orleans.Runtime;

namespace Orleans;

/// <summary>What can be asked of a grain or of a reference to one.</summary>
public static class GrainExtensions
{
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainReference reference => reference.GrainId,
        IGrainBase activation => activation.GrainContext.GrainId,
        _ => throw new ArgumentException($"{grain?.GetType()} is neither a grain nor a reference: pass an observer through CreateObjectReference.", nameof(grain)),
    };

    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

    /// <summary>A reference to the same grain as another of its interfaces.</summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) => grain switch
    {
        TGrainInterface already when grain is GrainReference => already,
        GrainReference reference => reference.Runtime.Factory.Refer<TGrainInterface>(reference.GrainId, reference.Target),
        IGrainBase activation => activation.GrainContext.GrainReference.AsReference<TGrainInterface>(),
        _ => throw new ArgumentException($"{grain?.GetType()} is neither a grain nor a reference.", nameof(grain)),
    };
}
