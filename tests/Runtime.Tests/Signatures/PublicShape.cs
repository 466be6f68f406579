using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Mesh.Runtime.Tests.Signatures;

/// <summary>
/// What an assembly shows to others, as text: each visible type with its kind and interfaces, and each visible member with names and types.
/// Read from metadata alone, so that the assemblies it refers to need not be there.
/// </summary>
internal sealed class PublicShape
{
    private readonly MetadataReader _reader;

    private PublicShape(MetadataReader reader) => _reader = reader;

    internal static Dictionary<string, Dictionary<string, string>> Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        var shape = new PublicShape(reader);
        return reader.TypeDefinitions
            .Where(handle => IsVisible(reader.GetTypeDefinition(handle).Attributes))
            .ToDictionary(handle => new TypeNames(reader).GetTypeFromDefinition(reader, handle, 0), shape.Members);
    }

    private static bool IsVisible(TypeAttributes attributes) =>
        (attributes & TypeAttributes.VisibilityMask) is TypeAttributes.Public or TypeAttributes.NestedPublic;

    private static bool IsVisible(MethodAttributes attributes) =>
        (attributes & MethodAttributes.MemberAccessMask) is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;

    /// <summary>Members by name and parameters' types, with all that is said of them.</summary>
    private Dictionary<string, string> Members(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        var names = new TypeNames(_reader, type);
        var members = new Dictionary<string, string> { ["kind"] = Kind(type, names) };
        foreach (var implemented in type.GetInterfaceImplementations())
        {
            members[$"implements {names.Of(_reader.GetInterfaceImplementation(implemented).Interface)}"] = "";
        }

        foreach (var method in type.GetMethods().Select(_reader.GetMethodDefinition).Where(method => IsVisible(method.Attributes)))
        {
            var signature = method.DecodeSignature(new TypeNames(_reader, type, method), null);
            members[$"{_reader.GetString(method.Name)}`{signature.GenericParameterCount}({string.Join(", ", signature.ParameterTypes)})"] =
                $"{Modifiers(method.Attributes)}{signature.ReturnType} ({string.Join(", ", Parameters(method))})";
        }

        foreach (var field in type.GetFields().Select(_reader.GetFieldDefinition).Where(field => (field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public))
        {
            members[_reader.GetString(field.Name)] = $"{field.DecodeSignature(names, null)} {Constant(field.GetDefaultValue())}";
        }

        foreach (var attribute in type.GetCustomAttributes().Select(_reader.GetCustomAttribute))
        {
            if (attribute.Constructor.Kind == HandleKind.MemberReference
                && names.Of(_reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent) == "System.AttributeUsageAttribute")
            {
                var value = _reader.GetBlobReader(attribute.Value);
                value.ReadUInt16();
                members["usage"] = ((AttributeTargets)value.ReadInt32()).ToString();
            }
        }

        return members;
    }

    private string Kind(TypeDefinition type, TypeNames names)
    {
        var parent = type.BaseType.IsNil ? "" : names.Of(type.BaseType);
        var kind = (type.Attributes & TypeAttributes.Interface) != 0 ? "interface" : parent is "System.ValueType" ? "struct" : parent is "System.Enum" ? "enum" : "class";
        var modifier = type.Attributes & (TypeAttributes.Sealed | TypeAttributes.Abstract);
        return kind == "class" ? $"{modifier} class : {parent}" : kind;
    }

    private static string Modifiers(MethodAttributes attributes) =>
        ((attributes & MethodAttributes.Static) != 0 ? "static " : "")
        + ((attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public ? "" : "protected ")
        + ((attributes & MethodAttributes.Virtual) != 0 && (attributes & MethodAttributes.Final) == 0 ? "virtual " : "");

    private IEnumerable<string> Parameters(MethodDefinition method) => method.GetParameters()
        .Select(_reader.GetParameter)
        .Where(parameter => parameter.SequenceNumber > 0)
        .Select(parameter => $"{_reader.GetString(parameter.Name)}{((parameter.Attributes & ParameterAttributes.Optional) != 0 ? " = " + Constant(parameter.GetDefaultValue()) : "")}");

    private string Constant(ConstantHandle handle)
    {
        if (handle.IsNil)
        {
            return "";
        }

        var constant = _reader.GetConstant(handle);
        return _reader.GetBlobReader(constant.Value).ReadConstant(constant.TypeCode)?.ToString() ?? "null";
    }
}

/// <summary>Types' full names, with generic parameters by their names.</summary>
internal sealed class TypeNames(MetadataReader reader, TypeDefinition? type = null, MethodDefinition? method = null) : ISignatureTypeProvider<string, object?>
{
    public string Of(EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition => GetTypeFromDefinition(reader, (TypeDefinitionHandle)handle, 0),
        HandleKind.TypeReference => GetTypeFromReference(reader, (TypeReferenceHandle)handle, 0),
        _ => reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null),
    };

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        var definition = reader.GetTypeDefinition(handle);
        var name = reader.GetString(definition.Name);
        return definition.GetDeclaringType() is { IsNil: false } outer
            ? $"{GetTypeFromDefinition(reader, outer, 0)}+{name}"
            : Join(reader.GetString(definition.Namespace), name);
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        var reference = reader.GetTypeReference(handle);
        return reference.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{GetTypeFromReference(reader, (TypeReferenceHandle)reference.ResolutionScope, 0)}+{reader.GetString(reference.Name)}"
            : Join(reader.GetString(reference.Namespace), reader.GetString(reference.Name));
    }

    public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => Of(handle);

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

    public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{shape.Rank}]";

    public string GetSZArrayType(string elementType) => $"{elementType}[]";

    public string GetByReferenceType(string elementType) => $"{elementType}&";

    public string GetPointerType(string elementType) => $"{elementType}*";

    public string GetPinnedType(string elementType) => elementType;

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => $"{unmodifiedType} mod {modifier}";

    public string GetFunctionPointerType(MethodSignature<string> signature) => "function pointer";

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => $"{genericType}<{string.Join(", ", typeArguments)}>";

    public string GetGenericTypeParameter(object? genericContext, int index) => Parameter(type?.GetGenericParameters(), index);

    public string GetGenericMethodParameter(object? genericContext, int index) => Parameter(method?.GetGenericParameters(), index);

    private static string Join(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";

    private string Parameter(GenericParameterHandleCollection? parameters, int index) =>
        parameters is { } known ? reader.GetString(reader.GetGenericParameter(known[index]).Name) : $"!{index}";
}
